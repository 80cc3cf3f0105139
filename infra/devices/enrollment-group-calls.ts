import { parseGroup, type ReceivedGroup } from "./enrollment-group-body.ts";
import { notingDoubt, retryCalls, type Doubt, type RetryOptions } from "./call-retry.ts";
import { MOST_MS, operatorCredential } from "./registry-connection.ts";

/** The enrollment groups of one Device Provisioning Service. */
export interface EnrollmentGroupCalls {
  /** Undefined: there is none of that id. */
  get(id: string): Promise<{ readonly group: ReceivedGroup; readonly etag: string } | undefined>;
  /** Write it; an etag makes it an update of what had that etag, none the making of a new one. */
  put(
    id: string,
    body: Record<string, unknown>,
    how: {
      readonly etag?: string;
      /** Told when an attempt failed and may have been done. */
      readonly doubt?: Doubt;
    },
  ): Promise<ReceivedGroup>;
  delete(id: string, etag: string): Promise<void>;
}

/** How the provider reaches a service. */
export type ConnectGroups = (dpsHostName: string) => Promise<EnrollmentGroupCalls>;

/** [DPS REST: service, 2021-10-01] */
const API_VERSION = "2021-10-01";
/** What tokens for the service are made out to [DPS: control access with Microsoft Entra ID]. */
const DPS_SCOPE = "https://azure-devices-provisioning.net/.default";

/** An answer that is no success, in the form the hub's failures have. */
class DpsFailure extends Error {
  override readonly name = "DpsFailure";
  readonly response: { readonly statusCode: number; readonly headers: Record<string, string> };

  constructor(message: string, answer: Response) {
    super(message);
    this.response = { statusCode: answer.status, headers: Object.fromEntries(answer.headers) };
  }
}

/** Call the service's REST API; Microsoft's SDK for it takes connection strings only, which this project has none of. */
export function enrollmentGroupCalls({
  origin,
  token,
  retries,
}: {
  /** `https://` and the host name of the service. */
  readonly origin: string;
  readonly token: () => Promise<string>;
  readonly retries: RetryOptions;
}): EnrollmentGroupCalls {
  const send = async (
    method: "GET" | "PUT" | "DELETE",
    id: string,
    {
      body,
      ifMatch,
      doubt = { wasUncertain: false },
    }: {
      readonly body?: unknown;
      readonly ifMatch?: string | undefined;
      readonly doubt?: Doubt | undefined;
    } = {},
  ): Promise<Response> => {
    const attempt = async (): Promise<Response> => {
      const answer = await fetch(
        `${origin}/enrollmentGroups/${encodeURIComponent(id)}?api-version=${API_VERSION}`,
        {
          method,
          signal: AbortSignal.timeout(MOST_MS),
          headers: {
            authorization: `Bearer ${await token()}`,
            ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
            ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
      );
      if (answer.ok) return answer;
      throw new DpsFailure((await answer.text()).slice(0, 500), answer);
    };
    return retryCalls(retries).execute(() => notingDoubt(doubt, attempt));
  };
  return {
    get: async (id) => {
      try {
        const group = parseGroup(await (await send("GET", id)).json());
        return { group, etag: group.etag ?? "*" };
      } catch (error) {
        if (error instanceof DpsFailure && error.response.statusCode === 404) return undefined;
        throw error;
      }
    },
    put: async (id, body, { etag, doubt }) =>
      parseGroup(await (await send("PUT", id, { body, ifMatch: etag, doubt })).json()),
    delete: async (id, etag) => {
      await send("DELETE", id, { ifMatch: etag });
    },
  };
}

/** Connect as whoever runs Pulumi. */
export function connectGroupsByEntra(retries: RetryOptions): ConnectGroups {
  return async (dpsHostName) => {
    const credential = await operatorCredential();
    return enrollmentGroupCalls({
      origin: `https://${dpsHostName}`,
      retries,
      token: async () => {
        const token = await credential.getToken(DPS_SCOPE);
        if (token === null) throw new Error("nobody is signed in: run az login");
        return token.token;
      },
    });
  };
}
