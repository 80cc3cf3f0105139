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
    groupCount: fc.integer({ min: 0, max: 2 }),
    groupAttestation: fc.constantFrom(
      { type: "caReferences", primary: "factory-ca" },
      {
        type: "signingCertificates",
        primary: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
      },
      { type: "symmetricKey" },
    ),
    authentication: fc.constantFrom(
      { type: "certificateAuthority" },
      { type: "selfSigned", primaryThumbprint: "0123456789abcdef0123456789abcdef01234567" },
      { type: "sas" },
    ),
  })
  .map((drawn) => {
    const { environment, tier, units, deviceCount, authentication, ...others } = drawn;
    const { groupCount, groupAttestation, ...rest } = others;
    const isProduction = environment === "production";
    const hubTier = isProduction && tier === "F1" ? "S1" : tier;
    const hasKeys = authentication.type === "sas" || groupAttestation.type === "symmetricKey";
    const allowDeviceKeys = rest.allowDeviceKeys || hasKeys;
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
      enrollmentGroups: Array.from({ length: rest.provisioning ? groupCount : 0 }, (_, index) => ({
        enrollmentGroupId: `group-${index}`,
        attestation: groupAttestation,
        product: "thermostat",
        stratum: "rev-a",
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
