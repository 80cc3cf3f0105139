const DEVICE = { deviceId: "d1", product: "thermostat", stratum: "rev-a" };
const GROUP = {
  enrollmentGroupId: "thermostats",
  attestation: { type: "caReferences", primary: "factory-ca" },
  product: "thermostat",
  stratum: "rev-a",
};

/** What is wrong, the stack's own keys that say it, the key that is named, and what the refusal tells to do. */
export const BAD_CONFIGURATIONS: readonly (readonly [
  what: string,
  settings: Readonly<Record<string, unknown>>,
  key: string,
  fix: string,
])[] = [
  ["a basic tier", { hubTier: "B1" }, "hubTier", "pulumi config set hubTier S1"],
  ["too many units", { hubTier: "S3", hubUnits: 11 }, "hubUnits", "pulumi config set hubUnits 1"],
  ["no units", { hubUnits: 0 }, "hubUnits", "pulumi config set hubUnits 1"],
  ["too many partitions", { hubPartitions: 33 }, "hubPartitions", "pulumi config set hubPartitions 4"],
  [
    "partitions that the free tier has not",
    { environment: "development", hubTier: "F1", hubPartitions: 4 },
    "hubPartitions",
    "F1: 2",
  ],
  ["a misspelt key", { hubTeir: "S1" }, "hubTeir", 'did you mean "hubTier"?'],
  ["a key of nothing", { colour: "red" }, "colour", "pulumi config rm colour"],
  ["production without protection", { protect: false }, "protect", "pulumi config set protect true"],
  ["production with service keys", { allowServiceKeys: true }, "allowServiceKeys", "false"],
  ["production without logs", { diagnostics: false }, "diagnostics", "pulumi config set diagnostics true"],
  ["production on the free tier", { hubTier: "F1", hubPartitions: 2 }, "hubTier", "environment development"],
  ["an unknown environment", { environment: "prod" }, "environment", "environment production"],
  ["firmware for everybody", { firmwareAccess: "everybody" }, "firmwareAccess", "firmwareAccess public"],
  ["a rule for ever", { firmwareImmutableDays: 99_999 }, "firmwareImmutableDays", "up to 3650"],
  ["no time to recover", { retentionDays: 1 }, "retentionDays", "7 to 365"],
  ["an image by tag", { controllerImage: "acme.azurecr.io/wavegate:latest" }, "controllerImage", "@sha256:"],
  ["a schedule in words", { controllerSchedule: "hourly" }, "controllerSchedule", "*/5 * * * *"],
  ["no address", { alertEmails: ["nobody"] }, "alertEmails[0]", "alertEmails[0]"],
  [
    "a wildcard subject",
    { rolloutSubject: "repo:acme/fleet:*" },
    "rolloutSubject",
    ":environment:production",
  ],
  ["a branch", { previewSubject: "repo:acme/fleet:ref:refs/heads/main" }, "previewSubject", ":environment:"],
  [
    "one environment for two identities",
    {
      rolloutSubject: "repo:acme/fleet:environment:production",
      previewSubject: "repo:acme/fleet:environment:production",
    },
    "previewSubject",
    ":environment:production-preview",
  ],
  ["a bad device id", { devices: [{ ...DEVICE, deviceId: "a b" }] }, "devices[0].deviceId", "docs/azure.md"],
  ["a device twice", { devices: [DEVICE, DEVICE] }, "devices[1].deviceId", "d1 occurs twice"],
  [
    "a bad thumbprint",
    { devices: [{ ...DEVICE, authentication: { type: "selfSigned", primaryThumbprint: "12" } }] },
    "devices[0].authentication.primaryThumbprint",
    "40 or 64 hex digits",
  ],
  [
    "a device with a key on a hub without",
    { devices: [{ ...DEVICE, authentication: { type: "sas" } }] },
    "devices[0].authentication",
    "allowDeviceKeys: true",
  ],
  [
    "an enrollment group without a service",
    { enrollmentGroups: [GROUP] },
    "enrollmentGroups",
    "pulumi config set provisioning true",
  ],
  [
    "a bucket for a whole group",
    { provisioning: true, enrollmentGroups: [{ ...GROUP, bucket: 7 }] },
    "enrollmentGroups[0].bucket",
    "fall into the same percentage waves",
  ],
  [
    "a group twice, for the service sees no case",
    { provisioning: true, enrollmentGroups: [GROUP, { ...GROUP, enrollmentGroupId: "Thermostats" }] },
    "enrollmentGroups[1].enrollmentGroupId",
    "first in enrollmentGroups[0]",
  ],
  [
    "a group with a key on a hub without",
    { provisioning: true, enrollmentGroups: [{ ...GROUP, attestation: { type: "symmetricKey" } }] },
    "enrollmentGroups[0].attestation",
    "allowDeviceKeys: true",
  ],
  [
    "a private key in the place of a certificate",
    {
      provisioning: true,
      enrollmentGroups: [
        { ...GROUP, attestation: { type: "signingCertificates", primary: "-----BEGIN PRIVATE KEY-----" } },
      ],
    },
    "enrollmentGroups[0].attestation.primary",
    "never a private key",
  ],
  ["an operator without an id", { operator: { type: "User" } }, "operator.objectId", "operator.objectId"],
];
