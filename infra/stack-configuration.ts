import { z } from "zod";
import { problemsOfDevices } from "./devices/declared-devices.ts";
import { deviceSetsSchema } from "./devices/device-sets.ts";
import { deviceSettingsSchema } from "./devices/device-settings.ts";

/** What a stack sets, checked: the `wavegate:` keys of its `Pulumi.<stack>.yaml`. */
export type StackConfiguration = z.output<typeof configurationSchema>;

/** Something wrong with the stack's configuration, and what to type. */
export interface ConfigurationProblem {
  /** The key, and the place inside its value. */
  readonly path: string;
  readonly summary: string;
  readonly hint: string;
}

/**
 * Most identities one stack declares. Each is a resource of its own, and a state file with thousands crawls
 * (pulumi/pulumi#14967); a fleet registers itself through the Device Provisioning Service.
 */
export const MAX_DEVICES = 200;

/** Units a tier takes [IoT Hub quotas: maximum units]. */
const MAX_UNITS = { F1: 1, S1: 200, S2: 200, S3: 10 } as const;

const HINTS = {
  // Basic tiers have neither twins nor automatic device configurations, which a rollout consists of.
  hubTier: "pulumi config set hubTier S1   (F1, S1, S2 or S3)",
  hubUnits: "pulumi config set hubUnits 1   (F1: 1; S1 and S2: up to 200; S3: up to 10)",
  firmwareAccess: "pulumi config set firmwareAccess public   (or on-demand)",
  storageRedundancy: "pulumi config set storageRedundancy Standard_ZRS   (or Standard_LRS)",
  retentionDays: "pulumi config set retentionDays 30   (7 to 365)",
  protect: "pulumi config set protect true   (or false)",
  allowDeviceKeys: "pulumi config set allowDeviceKeys false   (or true)",
  operator:
    "pulumi config set --path operator.objectId <GUID>; pulumi config set --path operator.type Group   (User, Group or ServicePrincipal)",
  githubSubject:
    "pulumi config set githubSubject repo:ORG/REPOSITORY:environment:NAME   (an environment, whose reviewers then guard the token)",
  devices: "see `devices` in docs/azure.md",
  deviceSets: "see `deviceSets` in docs/azure.md",
} as const satisfies Record<string, string>;

const configurationSchema = z
  .strictObject({
    hubTier: z.enum(["F1", "S1", "S2", "S3"]).default("S1"),
    hubUnits: z.int().positive().default(1),
    /** `public`: the firmware container, and nothing else, is read without credentials. */
    firmwareAccess: z.enum(["public", "on-demand"]).default("public"),
    storageRedundancy: z.enum(["Standard_LRS", "Standard_ZRS"]).default("Standard_ZRS"),
    retentionDays: z.int().min(7).max(365).default(30),
    protect: z.boolean().default(true),
    allowDeviceKeys: z.boolean().default(false),
    /** Who registers devices and stores images; absent: the person who runs Pulumi. */
    operator: z
      .strictObject({ objectId: z.guid(), type: z.enum(["User", "Group", "ServicePrincipal"]) })
      .exactOptional(),
    /** The GitHub workflow that may act as the rollout identity; no wildcards. */
    githubSubject: z
      .string()
      .regex(
        /^repo:[\w.-]{1,100}\/[\w.-]{1,100}:environment:[\w.-]{1,255}$/,
        "names no environment of a repository",
      )
      .exactOptional(),
    devices: z.array(deviceSettingsSchema).max(MAX_DEVICES).default([]),
    /** Thousands of identities, each set as one resource. */
    deviceSets: deviceSetsSchema.default([]),
  })
  .superRefine(({ hubTier, hubUnits, allowDeviceKeys, devices, deviceSets }, context) => {
    if (hubUnits > MAX_UNITS[hubTier]) {
      const message = `${hubUnits} units, but ${hubTier} takes at most ${MAX_UNITS[hubTier]}`;
      context.addIssue({ code: "custom", path: ["hubUnits"], message });
    }
    for (const { path, message } of problemsOfDevices({ devices, deviceSets, allowDeviceKeys }))
      context.addIssue({ code: "custom", path: [...path], message });
  });

/** Check a stack's configuration, as Pulumi hands it to the program: `project:key` to text. All problems at once. */
export function parseStackConfiguration(
  entries: Readonly<Record<string, string>>,
  project: string,
):
  | { readonly configuration: StackConfiguration; readonly problems: readonly [] }
  | { readonly configuration?: undefined; readonly problems: readonly ConfigurationProblem[] } {
  const own = Object.entries(entries).flatMap(([key, text]): [string, unknown][] =>
    key.startsWith(`${project}:`) ? [[key.slice(project.length + 1), valueOf(text)]] : [],
  );
  const parsed = configurationSchema.safeParse(Object.fromEntries(own));
  if (parsed.success) return { configuration: parsed.data, problems: [] };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, project)) };
}

/** The problems as one text for a person, each with what to type. */
export function describeProblems(problems: readonly ConfigurationProblem[]): string {
  const lines = problems.map(({ path, summary, hint }) => `- ${path}: ${summary}\n    ${hint}`);
  return [
    `the stack's configuration has ${problems.length} ${problems.length === 1 ? "problem" : "problems"}:`,
    ...lines,
  ].join("\n");
}

/** Pulumi passes numbers, booleans and structures as JSON, and text bare. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function problemsOf(issue: z.core.$ZodIssue, project: string): ConfigurationProblem[] {
  const place = issue.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  const [key] = issue.path;
  if (issue.code === "unrecognized_keys") {
    const hint = key === undefined ? `remove it; known are ${Object.keys(HINTS).join(", ")}` : hintFor(key);
    return issue.keys.map((unknown) => ({
      path: `${project}:${`${place}.${unknown}`.slice(1)}`,
      summary: "is no setting known here",
      hint,
    }));
  }
  return [{ path: `${project}:${place.slice(1)}`, summary: issue.message, hint: hintFor(key) }];
}

function hintFor(key: PropertyKey | undefined): string {
  const known = Object.entries(HINTS).find(([name]) => name === key);
  return known?.[1] ?? "correct the value in the stack's file and run Pulumi again";
}
