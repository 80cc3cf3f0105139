import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ACCESS_LIFE_MS, LONGEST_ACCESS_LIFE_MS, SHORTEST_ACCESS_LIFE_MS } from "../model/access-life.ts";
import { durationSchema } from "../model/duration.ts";
import { WavegateError } from "../model/problem.ts";
import { problemsFromZod } from "../model/schema-problems.ts";
import { credentialSchema } from "./credential-settings.ts";
import { DEFAULT_PLACES, environmentLayer, isLayer, mergeLayers, placeLayer } from "./settings-layers.ts";
import { notifySchema } from "./notify-settings.ts";
import { sourcesSchema } from "./source-settings.ts";
import { readStackOutputs, settingsOfOutputs } from "./stack-outputs.ts";

const recordsSchema = z
  .strictObject({
    folder: z.string().exactOptional(),
    container: z
      .url({
        protocol: /^https$/,
        error: "an https address: https://ACCOUNT.blob.core.windows.net/CONTAINER",
      })
      .refine((address) => /^[a-z]+:\/\/[^/?#]+\/+[^/?#]/.test(address), "names no container")
      .refine(
        (address) => !/[?#]/.test(address),
        "nothing after the container: a token opens it, no signature",
      )
      .exactOptional(),
    credential: credentialSchema.exactOptional(),
    caFile: z.string().exactOptional(),
  })
  .transform(({ folder, container, credential, caFile }, context) => {
    const access = credential ?? caFile;
    if (folder !== undefined && container === undefined && access === undefined) return { folder };
    if (folder === undefined && container !== undefined && credential !== undefined)
      return { container, credential, ...(caFile === undefined ? {} : { caFile }) };
    context.addIssue({ code: "custom", message: "give either `folder` or `container` with `credential`" });
    return z.NEVER;
  });

const hubSchema = z
  .strictObject({
    /** Name that records and marks are kept under; never change it. */
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, "lower-case letters, digits and dashes"),
    connectionString: z.string().exactOptional(),
    caFile: z.string().exactOptional(),
    hostName: z.string().exactOptional(),
    credential: credentialSchema.exactOptional(),
    tier: z.enum(["F1", "S1", "S2", "S3"]).default("S1"),
    units: z.int().positive().default(1),
    /** GROUP BY keys the hub takes: with 1 no run spends a query on trying two. */
    groupByKeys: z.union([z.literal(1), z.literal(2)]).exactOptional(),
  })
  .superRefine((hub, context) => {
    if (
      (hub.connectionString !== undefined) ===
      (hub.hostName !== undefined && hub.credential !== undefined)
    ) {
      context.addIssue({
        code: "custom",
        message: "give either `connectionString` or `hostName` with `credential`",
      });
    }
  });

const settingsSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    /** The fleet's hub; of several the one that decides where they disagree. */
    hub: hubSchema,
    /** Further hubs of the same fleet: a rollout is one over all of them. Never change their order. */
    otherHubs: z.array(hubSchema).default([]),
    images: z.strictObject({
      base: z
        .url({ protocol: /^https$/, error: "an https address: devices refuse any other" })
        .refine(
          (address) => !/[?#]/.test(address),
          "nothing after the container: a signature here would reach every device, for good",
        ),
      credential: credentialSchema,
      caFile: z.string().exactOptional(),
      /** How long the keys of products with `access: "on-demand"` are good for; they are renewed at half of it. */
      accessLife: durationSchema
        .refine((ms) => ms >= SHORTEST_ACCESS_LIFE_MS && ms <= LONGEST_ACCESS_LIFE_MS, {
          error: "from 1 hour to 7 days: no delegated key lasts longer",
        })
        .default(ACCESS_LIFE_MS),
    }),
    /** How `enroll` signs in, and what it uses; what is not said here is as `hub` says. */
    identities: z
      .strictObject({
        credential: credentialSchema.exactOptional(),
        connectionString: z.string().exactOptional(),
        /** Container that the hub's import jobs go through: https://ACCOUNT.blob.core.windows.net/CONTAINER. */
        container: z.url({ protocol: /^https$/, error: "an https address of a container" }).exactOptional(),
        caFile: z.string().exactOptional(),
      })
      .exactOptional(),
    records: recordsSchema,
    /** Where the metrics of gates come from, by the name that releases know them by. */
    sources: sourcesSchema.default({}),
    /** Who is told of what happens. */
    notify: notifySchema.exactOptional(),
    declarations: z.strictObject({ fleet: z.string(), releases: z.string() }),
    clock: z
      .strictObject({ scale: z.number().positive(), realStartMs: z.number(), virtualStartMs: z.number() })
      .exactOptional(),
    /** How long the hub's queries may lag behind the twins. */
    queryLag: durationSchema.default(30 * 60_000),
    lookEvery: durationSchema.default(5 * 60_000),
  })
  .superRefine((settings, context) => {
    const names = hubsOf(settings).map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      context.addIssue({
        code: "custom",
        path: ["otherHubs", index - 1, "name"],
        message: `another hub is called "${name}" too`,
      });
    });
  });

/** Where the hub, the stores and the declarations are. Paths are absolute. */
export type Settings = z.output<typeof settingsSchema> & { readonly file: string };

/** How to reach one hub. */
export type HubSettings = z.output<typeof hubSchema>;

/** Every hub of the fleet: the first decides where they disagree. */
export function hubsOf({ hub, otherHubs }: Pick<Settings, "hub" | "otherHubs">): readonly HubSettings[] {
  return [hub, ...otherHubs];
}

/** Places the settings are looked for when no flag and no environment variable names them. */
const PROJECT_FILE = "wavegate.settings.json";
const DEMO_FILE = ".wavegate/demo/settings.json";

/** Where settings may come from. */
export interface SettingsSources {
  /** `--settings`. */
  readonly flag: string | undefined;
  /** `--stack-outputs`. */
  readonly stackOutputs: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

/**
 * Find and read the settings. Value by value: `WAVEGATE_*` variables, then a settings file, then a stack's outputs. The
 * file: flag, `WAVEGATE_SETTINGS`, `./wavegate.settings.json`, then that of a demo, which never stands in for a stack.
 */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  const { flag, environment, folder } = sources;
  const outputsFile = sources.stackOutputs ?? environment["WAVEGATE_STACK_OUTPUTS"];
  const outputs =
    outputsFile === undefined ? undefined : await readStackOutputs(resolve(folder, outputsFile));
  // Somebody who names a hub this way needs no file, and means no demo.
  const isStack = outputs !== undefined || environment["WAVEGATE_HUB_HOST_NAME"] !== undefined;
  const named = flag ?? environment["WAVEGATE_SETTINGS"];
  const places = named !== undefined ? [named] : isStack ? [PROJECT_FILE] : [PROJECT_FILE, DEMO_FILE];
  const found = await firstThere(places.map((place) => resolve(folder, place)));
  if (found === undefined && (named !== undefined || !isStack)) {
    throw new WavegateError("SETTINGS_MISSING", `no settings at ${named ?? places.join(" or ")}`, {
      hint: "try everything on this machine with `npm start`, or name a file: --settings FILE (`wavegate init` writes one to copy)",
    });
  }
  const inFile = found === undefined ? {} : jsonOf(found.text, found.file);
  if (found !== undefined) await refuseSharedKey(found.file, inFile, environment);
  const file = found?.file ?? outputsFile ?? "the environment";
  // What is no object is malformed, and said to be.
  if (!isLayer(inFile)) return parseSettings(inFile, file);
  const under = mergeLayers([
    ...(isStack ? [placeLayer(DEFAULT_PLACES, folder)] : []),
    ...(outputs === undefined ? [] : [settingsOfOutputs(outputs)]),
    found === undefined ? {} : placeLayer(inFile, dirname(found.file)),
  ]);
  const variables = environmentLayer(environment, { clientId: outputs?.rolloutClientId, under });
  return parseSettings(mergeLayers([under, placeLayer(variables, folder)]), file);
}

function parseSettings(value: unknown, file: string): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return { ...parsed.data, file };
  const problems = problemsFromZod({
    error: parsed.error,
    code: "SETTINGS_INVALID",
    file,
    shape: settingsSchema,
  });
  throw new WavegateError("SETTINGS_INVALID", `${file} is malformed`, {
    hint: "correct it and run the command again",
    problems,
  });
}

/** Group and others could read the hub's key. */
async function refuseSharedKey(
  file: string,
  value: unknown,
  environment: SettingsSources["environment"],
): Promise<void> {
  const hasKey = (name: string): boolean => {
    const section = isLayer(value) ? value[name] : undefined;
    const sections: readonly unknown[] = Array.isArray(section) ? section : [section];
    return sections.some((one) => isLayer(one) && one["connectionString"] !== undefined);
  };
  const isReplaced = environment["WAVEGATE_HUB_CONNECTION_STRING"] !== undefined;
  if (!hasKey("identities") && !hasKey("otherHubs") && (isReplaced || !hasKey("hub"))) return;
  if (((await stat(file)).mode & 0o077) === 0) return;
  throw new WavegateError("SETTINGS_INVALID", `${file} holds a key and others may read it`, {
    hint: `run: chmod 600 ${file}`,
  });
}

async function firstThere(
  files: readonly string[],
): Promise<{ readonly file: string; readonly text: string } | undefined> {
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return { file, text };
  }
  return undefined;
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new WavegateError(
      "SETTINGS_INVALID",
      `${file} is not JSON: ${error instanceof Error ? error.message : ""}`,
      { hint: "correct it and run the command again" },
    );
  }
}
