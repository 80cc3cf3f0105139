import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { durationSchema } from "../model/duration.ts";
import { WavegateError } from "../model/problem.ts";
import { problemsFromZod } from "../model/schema-problems.ts";

const credentialSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("azure-cli") }),
  z.strictObject({ kind: z.literal("workload-identity") }),
  z.strictObject({ kind: z.literal("managed-identity"), clientId: z.string() }),
  z.strictObject({ kind: z.literal("token-file"), file: z.string() }),
]);

const settingsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  hub: z
    .strictObject({
      /** Name that records and marks are kept under; never change it. */
      name: z.string().regex(/^[a-z0-9-]{1,40}$/, "lower-case letters, digits and dashes"),
      connectionString: z.string().exactOptional(),
      caFile: z.string().exactOptional(),
      hostName: z.string().exactOptional(),
      credential: credentialSchema.exactOptional(),
      tier: z.enum(["F1", "S1", "S2", "S3"]).default("S1"),
      units: z.int().positive().default(1),
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
    }),
  images: z.strictObject({
    base: z.url({ protocol: /^https$/, error: "an https address: devices refuse any other" }),
    credential: credentialSchema,
    caFile: z.string().exactOptional(),
  }),
  records: z.strictObject({ folder: z.string() }),
  declarations: z.strictObject({ fleet: z.string(), releases: z.string() }),
  clock: z
    .strictObject({ scale: z.number().positive(), realStartMs: z.number(), virtualStartMs: z.number() })
    .exactOptional(),
  /** How long the hub's queries may lag behind the twins. */
  queryLag: durationSchema.default(30 * 60_000),
  lookEvery: durationSchema.default(5 * 60_000),
});

/** Where the hub, the stores and the declarations are. Paths are absolute. */
export type Settings = z.output<typeof settingsSchema> & { readonly file: string };

/** Places the settings are looked for when no flag and no environment variable names them. */
const PLACES = ["wavegate.settings.json", ".wavegate/demo/settings.json"];

/** Find and read the settings: flag, `WAVEGATE_SETTINGS`, `./wavegate.settings.json`, then those of a demo. */
export async function loadSettings(input: {
  readonly flag: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}): Promise<Settings> {
  const { flag, environment, folder } = input;
  const named = flag ?? environment["WAVEGATE_SETTINGS"];
  for (const place of named === undefined ? PLACES : [named]) {
    const file = resolve(folder, place);
    const text = await readIfThere(file);
    if (text !== undefined) return parseSettings({ text, file, environment });
  }
  const where = named ?? PLACES.join(" or ");
  throw new WavegateError("SETTINGS_MISSING", `no settings at ${where}`, {
    hint: "try everything on this machine with `npm start`, or name a file: --settings FILE (docs/azure.md has one to copy)",
  });
}

async function parseSettings(input: {
  readonly text: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<Settings> {
  const { text, file, environment } = input;
  const parsed = settingsSchema.safeParse(withEnvironment(jsonOf(text, file), environment));
  if (!parsed.success) {
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
  const { hub, images, records, declarations, ...rest } = parsed.data;
  // Group and others could read the hub's key.
  if (
    hub.connectionString !== undefined &&
    environment["WAVEGATE_HUB_CONNECTION_STRING"] === undefined &&
    ((await stat(file)).mode & 0o077) !== 0
  ) {
    throw new WavegateError("SETTINGS_INVALID", `${file} holds a key and others may read it`, {
      hint: `run: chmod 600 ${file}`,
    });
  }
  const at = (path: string): string => resolve(dirname(file), path);
  const withCa = <T extends { readonly caFile?: string }>(part: T): T =>
    part.caFile === undefined ? part : { ...part, caFile: at(part.caFile) };
  const { credential } = images;
  return {
    ...rest,
    file,
    hub: withCa(hub),
    images: withCa({
      ...images,
      credential:
        credential.kind === "token-file" ? { ...credential, file: at(credential.file) } : credential,
    }),
    records: { folder: at(records.folder) },
    declarations: { fleet: at(declarations.fleet), releases: at(declarations.releases) },
  };
}

/** The hub's connection string may come from the environment, so that no file has to hold a key. */
function withEnvironment(value: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  const connectionString = environment["WAVEGATE_HUB_CONNECTION_STRING"];
  if (connectionString === undefined || typeof value !== "object" || value === null || !("hub" in value))
    return value;
  return { ...value, hub: { ...(value.hub as object), connectionString } };
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

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}
