import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";
import { startGroupServer, type GroupServer } from "../support/enrollment-groups.ts";
import { settingsOf, startLocalStack, type LocalStack } from "../support/pulumi/local-stack.ts";
import { UNKNOWN } from "../support/pulumi/wire-values.ts";

const GROUP_TYPE = "pulumi-nodejs:dynamic/wavegate:EnrollmentGroup";

describe(
  "the life of enrollment groups in the real program and Pulumi's own plugin",
  { timeout: 120_000 },
  () => {
    let service: GroupServer;
    let local: LocalStack;
    const groups = (more: Record<string, unknown> = {}): Record<string, string> =>
      settingsOf({
        enrollmentGroups: ["thermostats", "gauges"].map((enrollmentGroupId) => ({
          enrollmentGroupId,
          attestation: { type: "caReferences", primary: "factory-ca" },
          product: "thermostat",
          stratum: "rev-a",
          ...more,
        })),
      });
    const writes = (): string[] =>
      service.requests.filter(({ method }) => method !== "GET").map(({ method }) => method);

    beforeAll(async () => {
      const authority = await createCertificateAuthority();
      service = await startGroupServer(await issueServerCertificate(authority, ["localhost"]));
      local = await startLocalStack({
        hub: { certificate: authority },
        dpsHostName: new URL(service.origin).host,
        configuration: { environment: "development", protect: false, provisioning: true },
      });
      local.stack.configure(groups());
    });
    afterAll(async () => {
      await local[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    });

    it("begins with a preview that asks nothing, and an up that makes them, as the operator, without a bucket", async () => {
      const preview = await local.stack.preview();
      expect(preview.errors).toEqual([]);
      const registered = preview.registrations.filter(({ type }) => type === GROUP_TYPE);
      expect(registered.map(({ inputs }) => inputs["dpsHostName"])).toEqual([UNKNOWN, UNKNOWN]);
      expect(service.requests).toEqual([]);
      const up = await local.stack.up();
      expect([up.errors, up.counts]).toEqual([[], preview.counts]);
      expect(writes()).toEqual(["PUT", "PUT"]);
      expect(service.requests[0]?.authorization).toMatch(/^Bearer /);
      expect(service.groups.get("gauges")?.["initialTwin"]).toEqual({
        tags: { product: "thermostat", rollout: { stratum: "rev-a" } },
      });
    });

    it("asks nothing in a second up, and writes what changed in a third", async () => {
      const before = service.requests.length;
      expect((await local.stack.up()).counts).toEqual({ same: local.stack.state.size });
      expect(service.requests).toHaveLength(before);
      local.stack.configure(groups({ ring: "late" }));
      const changed = await local.stack.up();
      expect(changed.counts).toEqual({ update: 2, same: local.stack.state.size - 2 });
      expect(service.groups.get("gauges")).toMatchObject({
        initialTwin: { tags: { rollout: { ring: "late" } } },
      });
    });

    it("finds in a refresh what was changed and deleted outside, and heals both", async () => {
      service.groups.delete("gauges");
      const stored = service.groups.get("thermostats");
      service.groups.set("thermostats", { ...stored, etag: '"theirs"', provisioningStatus: "disabled" });
      expect(await local.stack.refresh()).toEqual({ gone: ["gauges"], drifted: ["thermostats"] });
      const healed = await local.stack.up();
      expect(healed.counts).toEqual({ create: 1, update: 1, same: local.stack.state.size - 2 });
      expect(service.groups.get("thermostats")).toMatchObject({ provisioningStatus: "enabled" });
    });

    it("ends with the stack", async () => {
      const destroyed = await local.stack.destroy();
      expect([destroyed.errors, service.groups.size]).toEqual([[], 0]);
    });
  },
);

describe("an enrollment group in Pulumi's own plugin", { timeout: 120_000 }, () => {
  const group = {
    dpsHostName: "fleet.azure-devices-provisioning.net",
    enrollmentGroupId: "thermostats",
    attestation: { type: "caReferences", primary: "factory-ca" },
    product: "thermostat",
    stratum: "rev-a",
  };

  it("is previewed, and refused with the reason when it is given a bucket", async () => {
    await using local = await startLocalStack({
      main: "test/fixtures/one-group.ts",
      configuration: { group },
    });
    const preview = await local.stack.preview();
    expect([preview.errors, preview.counts]).toEqual([[], { create: 2 }]);
    local.stack.configure(settingsOf({ group: { ...group, bucket: 7 } }));
    const refused = await local.stack.preview();
    expect(refused.errors.join("\n")).toContain("bucket: a bucket cannot be given to a group");
  });
});
