import type { Contradiction } from "./device-checks.ts";
import type { ConfigurationValues } from "./schema.ts";

/** What declared enrollment groups contradict: each other, or the service and the hub that they need. */
export function groupContradictions(values: Partial<ConfigurationValues>): Contradiction[] {
  // What is wrong by itself is told by itself; it says nothing of the groups.
  const { enrollmentGroups = [], provisioning = true, allowDeviceKeys = true } = values;
  const first = new Map<string, number>();
  return enrollmentGroups.flatMap(({ enrollmentGroupId, attestation }, index) => {
    const place = ["enrollmentGroups", index];
    const found: Contradiction[] = [];
    // The service takes ids that differ in case alone for the same [DPS: enrollmentGroupId].
    const id = enrollmentGroupId.toLowerCase();
    const before = first.get(id);
    if (before === undefined) first.set(id, index);
    else {
      const summary = `${enrollmentGroupId} occurs twice, first in enrollmentGroups[${before}]: remove one`;
      found.push({ path: [...place, "enrollmentGroupId"], summary });
    }
    if (attestation.type === "symmetricKey" && !allowDeviceKeys) {
      const summary =
        "a group with a symmetric key registers devices with keys, which need allowDeviceKeys: true; declare a certificate, or set it";
      found.push({ path: [...place, "attestation"], summary });
    }
    if (!provisioning && index === 0) {
      const summary =
        "an enrollment group needs a Device Provisioning Service: pulumi config set provisioning true";
      found.push({ path: ["enrollmentGroups"], summary });
    }
    return found;
  });
}
