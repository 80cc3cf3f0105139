import { z } from "zod";
import type { EnrollmentGroupSettings } from "./enrollment-group-settings.ts";
import { tagsOfGroup, tagsOfTwin } from "./twin-tags.ts";

/** What a group is, apart from where and how it is called. */
export type GroupFacts = Omit<EnrollmentGroupSettings, "dpsHostName" | "bucket">;

const certificateSchema = z.object({ certificate: z.string().nullish() }).nullish();

/** A group as the service sends it [DPS REST 2021-10-01: Enrollment Group, Get]; it sends no keys. */
const groupSchema = z.object({
  enrollmentGroupId: z.string(),
  attestation: z.object({
    type: z.string(),
    x509: z
      .object({
        caReferences: z.object({ primary: z.string().nullish(), secondary: z.string().nullish() }).nullish(),
        signingCertificates: z.object({ primary: certificateSchema, secondary: certificateSchema }).nullish(),
      })
      .nullish(),
  }),
  initialTwin: z.looseObject({ tags: z.unknown() }).nullish(),
  iotHubs: z.array(z.string()).nullish(),
  allocationPolicy: z.string().nullish(),
  provisioningStatus: z.string().nullish(),
  reprovisionPolicy: z
    .object({ updateHubAssignment: z.boolean().nullish(), migrateDeviceData: z.boolean().nullish() })
    .nullish(),
  etag: z.string().nullish(),
});

/** A group as the service sends it. */
export type ReceivedGroup = z.output<typeof groupSchema>;

/** Read what the service sent. */
export function parseGroup(body: unknown): ReceivedGroup {
  return groupSchema.parse(body);
}

/** A group as it is written [DPS REST 2021-10-01: Enrollment Group, Create Or Update]. */
export function bodyOfGroup(facts: GroupFacts, before: ReceivedGroup | undefined): Record<string, unknown> {
  const { enrollmentGroupId, iotHubs, allocationPolicy, provisioningStatus, reprovision } = facts;
  const { tags: oldTags, ...twin } = before?.initialTwin ?? {};
  return {
    enrollmentGroupId,
    attestation: attestationBody(facts.attestation, before),
    // Desired properties and other tags that somebody gave the group stay.
    initialTwin: { ...twin, tags: tagsOfGroup(facts, oldTags) },
    ...(iotHubs === undefined ? {} : { iotHubs }),
    allocationPolicy,
    provisioningStatus,
    reprovisionPolicy: {
      updateHubAssignment: reprovision !== "never",
      migrateDeviceData: reprovision === "keepData",
    },
  };
}

function attestationBody(
  attestation: GroupFacts["attestation"],
  before: ReceivedGroup | undefined,
): Record<string, unknown> {
  const { type } = attestation;
  if (type === "symmetricKey") {
    // An update without keys keeps them only where the group had some: the service's own text goes back.
    return before?.attestation.type === "symmetricKey"
      ? before.attestation
      : { type, symmetricKey: { primaryKey: "", secondaryKey: "" } };
  }
  const { primary, secondary } = attestation;
  const x509 =
    type === "caReferences"
      ? { caReferences: { primary, ...(secondary === undefined ? {} : { secondary }) } }
      : {
          signingCertificates: {
            primary: { certificate: primary },
            ...(secondary === undefined ? {} : { secondary: { certificate: secondary } }),
          },
        };
  return { type: "x509", x509 };
}

/** What a received group is; `hold` only where it is asked for, since a group without one says nothing. */
export function factsOfGroup(
  group: ReceivedGroup,
  declared: Pick<GroupFacts, "hold" | "attestation">,
): Readonly<Record<string, unknown>> {
  const { product, stratum, ring, hold } = tagsOfTwin(group.initialTwin?.tags);
  const { updateHubAssignment, migrateDeviceData } = group.reprovisionPolicy ?? {};
  return {
    enrollmentGroupId: group.enrollmentGroupId,
    attestation: attestationOf(group, declared.attestation),
    ...(product === undefined ? {} : { product }),
    ...(stratum === undefined ? {} : { stratum }),
    ...(ring === undefined ? {} : { ring }),
    ...(declared.hold === undefined ? {} : { hold: hold === true }),
    ...(group.iotHubs?.length ? { iotHubs: group.iotHubs } : {}),
    allocationPolicy: group.allocationPolicy ?? "hashed",
    provisioningStatus: group.provisioningStatus ?? "enabled",
    reprovision:
      updateHubAssignment !== true ? "never" : migrateDeviceData === true ? "keepData" : "resetData",
  };
}

/**
 * How devices of a received group prove themselves. The service may leave a certificate out and send what it says;
 * then the declared one is taken to be there.
 */
function attestationOf(
  { attestation: { type, x509 } }: ReceivedGroup,
  declared: GroupFacts["attestation"],
): unknown {
  if (type !== "x509") return { type };
  const references = x509?.caReferences;
  if (references?.primary) {
    const { primary, secondary } = references;
    return { type: "caReferences", primary, ...(secondary ? { secondary } : {}) };
  }
  const { primary, secondary } = x509?.signingCertificates ?? {};
  const wasDeclared = declared.type === "signingCertificates";
  if (!primary?.certificate && wasDeclared) return declared;
  return {
    type: "signingCertificates",
    primary: primary?.certificate?.trim() ?? "",
    ...(secondary?.certificate ? { secondary: secondary.certificate.trim() } : {}),
  };
}
