import { z } from "zod";
import { deviceSetsSchema } from "../devices/device-sets.ts";
import { deviceSettingsSchema } from "../devices/device-settings.ts";
import { declaredGroupSchema } from "../devices/enrollment-group-settings.ts";
import { HUB_TIERS } from "../hub-tier.ts";

/**
 * Most identities one stack declares one by one. Each is a resource of its own, and a state file with thousands crawls
 * (pulumi/pulumi#14967).
 */
const MAX_DEVICES = 200;

/** Most enrollment groups of one stack; a service takes a hundred [DPS quotas: enrollment groups]. */
const MAX_GROUPS = 50;

/** Who a workflow says it is, by environment and without wildcards; Pulumi.yaml's default for "nobody" is empty text. */
const subjectSchema = z
  .union([
    z.literal(""),
    z
      .string()
      .regex(
        /^repo:[\w.-]{1,100}\/[\w.-]{1,100}:environment:[\w.-]{1,255}$/,
        "names no environment of a repository",
      ),
  ])
  .default("")
  .transform((text) => (text === "" ? undefined : text));

/** The keys a stack may set, each by itself; what they must be together is in `checks.ts`. */
export const configurationSchema = z.strictObject({
  /** `production` refuses what would be harmless only in a stack for trying things. */
  environment: z.enum(["development", "production"]).default("production"),
  hubTier: z
    .enum(HUB_TIERS, {
      error: "is no tier that a rollout works on; basic tiers have no configurations",
    })
    .default("S1"),
  hubUnits: z.int().positive().default(1),
  /** Partitions of the built-in endpoint for telemetry; fixed when the hub is made. */
  hubPartitions: z.int().min(2).max(32).default(4),
  /** Whether the service side takes the hub's policy keys beside Microsoft Entra ID. */
  allowServiceKeys: z.boolean().default(false),
  allowDeviceKeys: z.boolean().default(false),
  /** `public`: the firmware container, and nothing else, is read without credentials. */
  firmwareAccess: z.enum(["public", "on-demand"]).default("public"),
  /** Days that an image can be neither replaced nor deleted, by anybody; 0: no such rule. */
  firmwareImmutableDays: z.int().min(0).max(3650).default(0),
  storageRedundancy: z.enum(["Standard_LRS", "Standard_ZRS"]).default("Standard_ZRS"),
  retentionDays: z.int().min(7).max(365).default(30),
  protect: z.boolean().default(true),
  /** Whether the hub and the stores write logs, and alerts are made of them. */
  diagnostics: z.boolean().default(true),
  logRetentionDays: z.int().min(30).max(730).default(30),
  alertEmails: z.array(z.email("is no e-mail address")).max(10).default([]),
  /** Whether a Device Provisioning Service is made. */
  provisioning: z.boolean().default(false),
  /** Image of the controller by digest, or empty text: a pipeline runs `reconcile` instead. */
  controllerImage: z
    .union([
      z.literal(""),
      z.string().regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, "names no image by its digest; a tag can be moved"),
    ])
    .default("")
    .transform((text) => (text === "" ? undefined : text)),
  /** When the controller looks, UTC; the alert of a dead controller expects a look in half an hour. */
  controllerSchedule: z
    .string()
    .regex(/^[\d*/,-]+( [\d*/,-]+){4}$/, "is no cron expression of five fields")
    .default("*/5 * * * *"),
  /** Who registers devices and stores images; absent: the person who runs Pulumi. */
  operator: z
    .strictObject({ objectId: z.guid(), type: z.enum(["User", "Group", "ServicePrincipal"]) })
    .exactOptional(),
  /** The GitHub environments that may act as each of the three identities. */
  rolloutSubject: subjectSchema,
  identitiesSubject: subjectSchema,
  previewSubject: subjectSchema,
  devices: z.array(deviceSettingsSchema).max(MAX_DEVICES).default([]),
  /** Thousands of identities, each set as one resource. */
  deviceSets: deviceSetsSchema.default([]),
  /** How devices register themselves; they need `provisioning`. */
  enrollmentGroups: z.array(declaredGroupSchema).max(MAX_GROUPS).default([]),
});

/** What a stack sets, with its defaults, each key checked by itself. */
export type ConfigurationValues = z.output<typeof configurationSchema>;
