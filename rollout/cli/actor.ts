import { z } from "zod";
import { credentialOf } from "../adapters/credential.ts";
import { TOKEN_SCOPE } from "../adapters/token-scope.ts";
import { WavegateError } from "../model/problem.ts";
import { hubsOf, type HubSettings, type Settings } from "./settings/settings.ts";

/** Where a decision's author can be read from. */
export interface ActorSources {
  readonly settings: Pick<Settings, "hub" | "otherHubs" | "clock">;
  /** `--as`. */
  readonly as: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whose session on this machine it is. */
  readonly user: () => string;
}

/**
 * Who decides, for the records: the person that the hub's token names; else the one who started this pipeline run; else
 * the application of the token, or, where a key opens the hub, the user of this machine. A token that could not be had
 * is an error only for whoever asks for the name: what only reads needs none.
 */
export async function findActor(sources: ActorSources): Promise<() => string> {
  const { settings, as, environment, user } = sources;
  if (as !== undefined) {
    const name = nameGiven(as, settings);
    return () => name;
  }
  const { hub } = settings;
  const pipeline = actorOfPipeline(environment);
  if (hub.credential === undefined || hub.connectionString !== undefined) {
    const name = pipeline ?? user();
    return () => name;
  }
  try {
    const credential = await credentialOf(hub.credential);
    const given = await credential.getToken(TOKEN_SCOPE);
    const claims = claimsOf(given?.token ?? "");
    const name = claims.person ?? pipeline ?? claims.application;
    if (name !== undefined) return () => name;
    return () => {
      throw unnamed("the hub's token names nobody");
    };
  } catch (error) {
    return () => {
      throw error instanceof WavegateError ? error : unnamed("no token for the hub could be had", error);
    };
  }
}

function unnamed(message: string, cause?: unknown): WavegateError {
  return new WavegateError("HUB_UNAUTHORIZED", `${message}: who decides is not known`, {
    hint: "sign in (az login), or correct hub.credential in the settings",
    cause,
  });
}

/** Claims of Entra's access tokens, of both versions, as far as they name somebody [Entra: access token claims]. */
const claimsSchema = z.object({
  upn: z.string().min(1).exactOptional(),
  unique_name: z.string().min(1).exactOptional(),
  preferred_username: z.string().min(1).exactOptional(),
  appid: z.string().min(1).exactOptional(),
  azp: z.string().min(1).exactOptional(),
  oid: z.string().min(1).exactOptional(),
  sub: z.string().min(1).exactOptional(),
});

/**
 * Whom a token names. It is decoded, not verified: the hub verifies it at every call, and who holds a forged one changes
 * nothing there. A malformed one names nobody.
 */
export function claimsOf(token: string): {
  readonly person: string | undefined;
  readonly application: string | undefined;
} {
  const parsed = claimsSchema.safeParse(payloadOf(token));
  if (!parsed.success) return { person: undefined, application: undefined };
  const { upn, unique_name, preferred_username, appid, azp, oid, sub } = parsed.data;
  const id = appid ?? azp;
  const application = id === undefined ? (oid ?? sub) : `app ${id}${oid === undefined ? "" : ` (${oid})`}`;
  return { person: upn ?? unique_name ?? preferred_username, application };
}

function payloadOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Who started a run of GitHub Actions or Azure Pipelines; a variable alone, without a run, says nothing. */
function actorOfPipeline(environment: ActorSources["environment"]): string | undefined {
  const { GITHUB_ACTOR, GITHUB_RUN_ID, BUILD_REQUESTEDFOREMAIL, BUILD_REQUESTEDFOR, BUILD_BUILDID } =
    environment;
  const named = (...names: readonly (string | undefined)[]): string | undefined =>
    names.find((name) => name !== undefined && name !== "");
  if (named(GITHUB_RUN_ID) !== undefined) return named(GITHUB_ACTOR);
  // A scheduled build is requested for nobody with an address, only for a service by its name.
  if (named(BUILD_BUILDID) !== undefined) return named(BUILD_REQUESTEDFOREMAIL, BUILD_REQUESTEDFOR);
  return undefined;
}

/** Characters that a name may have: it goes into labels, records and terminals. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,63}$/u;

function nameGiven(as: string, settings: ActorSources["settings"]): string {
  if (settings.clock === undefined && !hubsOf(settings).every(isLocalHub))
    throw new WavegateError(
      "BAD_OPTION",
      "--as is for a local hub only: on this one a sign-in says who decides",
      {
        hint: "leave --as out",
      },
    );
  if (NAME.test(as)) return as;
  throw new WavegateError(
    "BAD_OPTION",
    `--as is ${JSON.stringify(as)}, a name of up to 64 characters is needed`,
    {
      hint: "write it as in: wavegate approve PRODUCT --as alice",
    },
  );
}

/** Whether a hub is one of this machine. */
export function isLocalHub({ connectionString, hostName }: HubSettings): boolean {
  const host = /(?:^|;)HostName=([^;]*)/i.exec(connectionString ?? "")?.[1] ?? hostName ?? "";
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}
