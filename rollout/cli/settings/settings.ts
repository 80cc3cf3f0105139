import { z } from "zod";
import { ACCESS_LIFE_MS, LONGEST_ACCESS_LIFE_MS, SHORTEST_ACCESS_LIFE_MS } from "../../model/access-life.ts";
import { durationSchema } from "../../model/duration.ts";
import { parsePublicKey } from "../../model/signing-key.ts";
import { credentialSchema } from "./credential-settings.ts";
import { notifySchema } from "./notify-settings.ts";
import { sourcesSchema } from "./source-settings.ts";

const caFile = z
  .string()
  .exactOptional()
  .describe(
    "Certificates to trust beside the system's, as PEM: those of a local hub; from the settings file's folder.",
  );

const recordsSchema = z
  .strictObject({
    folder: z
      .string()
      .exactOptional()
      .describe("A folder of the one machine that rolls out; from the settings file's folder."),
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
      .exactOptional()
      .describe("A container of blob storage, https://ACCOUNT.blob.core.windows.net/CONTAINER."),
    credential: credentialSchema.exactOptional().describe("How to sign in to the container."),
    caFile,
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
    name: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, "lower-case letters, digits and dashes")
      .describe("Name that records and marks are kept under; never change it."),
    connectionString: z
      .string()
      .exactOptional()
      .describe(
        "A shared key of the hub, in place of `hostName`; the file must then be readable by you alone.",
      ),
    caFile,
    hostName: z.string().exactOptional().describe("The hub's host name, such as HUB.azure-devices.net."),
    credential: credentialSchema.exactOptional().describe("How to sign in to the hub that `hostName` names."),
    tier: z
      .enum(["F1", "S1", "S2", "S3"])
      .default("S1")
      .describe("The hub's tier: calls are paced, and waves priced, by its limits."),
    units: z.int().positive().default(1).describe("How many units of the tier the hub has."),
    groupByKeys: z
      .union([z.literal(1), z.literal(2)])
      .exactOptional()
      .describe(
        "GROUP BY keys the hub takes: with 1 no run spends a query on trying two; absent: each run tries.",
      ),
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

/** Schema of the settings, whole: what file, variables and stack outputs come to. */
export const settingsSchema = z
  .strictObject({
    schemaVersion: z.literal(1).describe("Version of this file's form."),
    hub: hubSchema.describe("The fleet's hub; of several the one that decides where they disagree."),
    otherHubs: z
      .array(hubSchema)
      .default([])
      .describe(
        "Further hubs of the same fleet, each like `hub`: a rollout is one over all of them. Never change their order.",
      ),
    images: z.strictObject({
      base: z
        .url({ protocol: /^https$/, error: "an https address: devices refuse any other" })
        .refine(
          (address) => !/[?#]/.test(address),
          "nothing after the container: a signature here would reach every device, for good",
        )
        .describe("Address that releases' `artifact.path` is below: devices download from there."),
      credential: credentialSchema.describe("How `release add` and the checks of a plan sign in to it."),
      caFile,
      accessLife: durationSchema
        .refine((ms) => ms >= SHORTEST_ACCESS_LIFE_MS && ms <= LONGEST_ACCESS_LIFE_MS, {
          error: "from 1 hour to 7 days: no delegated key lasts longer",
        })
        .default(ACCESS_LIFE_MS)
        .describe(
          'How long the keys of products with `access: "on-demand"` are good for, 1 hour to 7 days; they are renewed at half of it.',
        ),
    }),
    identities: z
      .strictObject({
        credential: credentialSchema.exactOptional().describe("How `enroll` signs in."),
        connectionString: z.string().exactOptional().describe("A shared key of the hub, for `enroll`."),
        container: z
          .url({ protocol: /^https$/, error: "an https address of a container" })
          .exactOptional()
          .describe(
            "Container that the hub's import jobs go through: https://ACCOUNT.blob.core.windows.net/CONTAINER.",
          ),
        caFile,
      })
      .exactOptional()
      .describe("How `enroll` signs in, and what it uses; what is not said here is as `hub` says."),
    records: recordsSchema.describe("Where decisions are kept: a folder or a container, one of the two."),
    sources: sourcesSchema
      .default({})
      .describe("Where the metrics of gates come from, by the name that releases know them by."),
    notify: notifySchema.exactOptional().describe("Who is told of what happens."),
    declarations: z
      .strictObject({
        fleet: z.string().describe("The fleet's file."),
        releases: z.string().describe("The folder of release files."),
        overrides: z
          .string()
          .exactOptional()
          .describe(
            "The folder of override files; default: `overrides` beside the releases, where it exists.",
          ),
      })
      .describe("Where fleet, releases and overrides are declared; from the settings file's folder."),
    plans: z
      .strictObject({
        keys: z
          .array(
            z
              .string()
              .refine(
                (text) => parsePublicKey(text) !== undefined,
                "an Ed25519 public key, as wavegate keys new prints it",
              ),
          )
          .min(1, "name a key, or leave `plans` out")
          .describe("Public keys, as `wavegate keys new` prints them."),
      })
      .exactOptional()
      .describe(
        "Who approves plans: `apply` takes those that one of these keys signed, and nothing else starts a release.",
      ),
    clock: z
      .strictObject({
        scale: z.number().positive().describe("Virtual seconds a real one."),
        realStartMs: z.number().describe("Instant at which both clocks were together, real, epoch ms."),
        virtualStartMs: z.number().describe("The same instant on the virtual clock, epoch ms."),
      })
      .exactOptional()
      .describe("A scaled clock, of a local hub alone."),
    queryLag: durationSchema
      .default(30 * 60_000)
      .describe("How long the hub's queries may lag behind the twins: deadlines are extended by it."),
    lookEvery: durationSchema
      .default(5 * 60_000)
      .describe("Time between two looks of `apply` and `status --watch`, and what a plan reckons with."),
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
