import fc from "fast-check";

/** A stack's own settings, good ones of every kind, as the command line hands them over. */
export const configurations: fc.Arbitrary<Record<string, string>> = fc
  .record({
    environment: fc.constantFrom("development", "production"),
    tier: fc.constantFrom("F1", "S1", "S2", "S3"),
    units: fc.integer({ min: 1, max: 10 }),
    hubPartitions: fc.integer({ min: 2, max: 32 }),
    allowServiceKeys: fc.boolean(),
    allowDeviceKeys: fc.boolean(),
    firmwareAccess: fc.constantFrom("public", "on-demand"),
    firmwareImmutableDays: fc.constantFrom(0, 1, 3650),
    storageRedundancy: fc.constantFrom("Standard_LRS", "Standard_ZRS"),
    retentionDays: fc.integer({ min: 7, max: 365 }),
    protect: fc.boolean(),
    diagnostics: fc.boolean(),
    provisioning: fc.boolean(),
    alertEmails: fc.constantFrom([], ["a@example.com"], ["a@example.com", "b@example.com"]),
    controllerImage: fc.constantFrom(
      "",
      `acme.azurecr.io/w@sha256:${"a".repeat(64)}`,
      `ghcr.io/w@sha256:${"b".repeat(64)}`,
    ),
    rolloutSubject: fc.constantFrom("", "repo:acme/fleet:environment:production"),
    identitiesSubject: fc.constantFrom("", "repo:acme/fleet:environment:devices"),
    previewSubject: fc.constantFrom("", "repo:acme/fleet:environment:preview"),
    deviceCount: fc.integer({ min: 0, max: 3 }),
    authentication: fc.constantFrom(
      { type: "certificateAuthority" },
      { type: "selfSigned", primaryThumbprint: "0123456789abcdef0123456789abcdef01234567" },
      { type: "sas" },
    ),
  })
  .map((drawn) => {
    const { environment, tier, units, deviceCount, authentication, ...rest } = drawn;
    const isProduction = environment === "production";
    const hubTier = isProduction && tier === "F1" ? "S1" : tier;
    const allowDeviceKeys = rest.allowDeviceKeys || authentication.type === "sas";
    return entriesOf({
      ...rest,
      environment,
      hubTier,
      hubUnits: hubTier === "F1" ? 1 : units,
      hubPartitions: hubTier === "F1" ? 2 : rest.hubPartitions,
      allowDeviceKeys,
      // What a production stack may not leave out.
      ...(isProduction ? { protect: true, diagnostics: true, allowServiceKeys: false } : {}),
      devices: Array.from({ length: deviceCount }, (_, index) => ({
        deviceId: `device-${index}`,
        product: "thermostat",
        stratum: "rev-a",
        authentication,
      })),
    });
  });

function entriesOf(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `wavegate:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
