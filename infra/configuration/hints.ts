/** What to type for each key of a stack's configuration when its value is wrong. */
export const HINTS = {
  environment: "pulumi config set environment production   (or development)",
  // Basic tiers have neither twins nor automatic device configurations, which a rollout consists of.
  hubTier: "pulumi config set hubTier S1   (F1, S1, S2 or S3)",
  hubUnits: "pulumi config set hubUnits 1   (F1: 1; S1 and S2: up to 200; S3: up to 10)",
  hubPartitions:
    "pulumi config set hubPartitions 4   (F1: 2; others: 2 to 32; fixed for the life of the hub)",
  allowServiceKeys: "pulumi config set allowServiceKeys false   (or true, in a development stack)",
  allowDeviceKeys: "pulumi config set allowDeviceKeys false   (or true)",
  firmwareAccess: "pulumi config set firmwareAccess public   (or on-demand)",
  firmwareImmutableDays: "pulumi config set firmwareImmutableDays 0   (0: off; up to 3650)",
  storageRedundancy: "pulumi config set storageRedundancy Standard_ZRS   (or Standard_LRS)",
  retentionDays: "pulumi config set retentionDays 30   (7 to 365)",
  protect: "pulumi config set protect true   (or false, in a development stack)",
  diagnostics: "pulumi config set diagnostics true   (or false, in a development stack)",
  logRetentionDays: "pulumi config set logRetentionDays 30   (30 to 730)",
  alertEmails: "pulumi config set --path alertEmails[0] oncall@example.com",
  provisioning: "pulumi config set provisioning false   (or true)",
  controllerImage:
    "pulumi config set controllerImage REGISTRY/NAME@sha256:DIGEST   (as `docker push` prints it; empty: none)",
  controllerSchedule: 'pulumi config set controllerSchedule "*/5 * * * *"   (five fields, UTC)',
  operator:
    "pulumi config set --path operator.objectId <GUID>; pulumi config set --path operator.type Group   (User, Group or ServicePrincipal)",
  rolloutSubject: subjectHint("rolloutSubject", "production"),
  identitiesSubject: subjectHint("identitiesSubject", "production-devices"),
  previewSubject: subjectHint("previewSubject", "production-preview"),
  devices: "see `devices` in docs/azure.md",
  deviceSets: "see `deviceSets` in docs/azure.md",
  enrollmentGroups: "see `enrollmentGroups` in docs/azure.md",
} as const satisfies Record<string, string>;

function subjectHint(key: string, environment: string): string {
  return `pulumi config set ${key} repo:ORG/REPOSITORY:environment:${environment}   (an environment, whose reviewers then guard the token)`;
}
