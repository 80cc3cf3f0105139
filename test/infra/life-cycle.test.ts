import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketOf } from "../../rollout/model/bucket.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import { settingsOf, startLocalStack, type LocalStack } from "../support/pulumi/local-stack.ts";
import type { StackRun } from "../support/pulumi/test-stack.ts";
import { isSecret, printedAll, UNKNOWN } from "../support/pulumi/wire-values.ts";

const DEVICE_TYPE = "pulumi-nodejs:dynamic/wavegate:DeviceIdentity";
const table: string[] = [];

/** What became of the devices alone, of the devices that the table is about. */
function devicesIn({ steps }: StackRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, urn } of steps) if (urn.includes(DEVICE_TYPE)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function note(step: string, run: StackRun, hubCalls: number): void {
  const all = Object.entries(run.counts).map(([kind, count]) => `${count} ${kind}`);
  const devices = Object.entries(devicesIn(run)).map(([kind, count]) => `${count} ${kind}`);
  table.push(`| ${step} | ${devices.join(", ")} | ${all.join(", ")} | ${hubCalls} |`);
}

describe(
  "the life of three devices: real program, real runtime, real plugin, real service SDK, local hub",
  { timeout: 120_000 },
  () => {
    let local: LocalStack;
    const device = (index: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
      deviceId: `thermostat-${index}`,
      product: "thermostat",
      stratum: "rev-a",
      authentication: { type: "selfSigned", primaryThumbprint: "ab".repeat(20) },
      ...more,
    });
    const devices = (count: number, more: Record<string, unknown> = {}): Record<string, string> =>
      settingsOf({ devices: Array.from({ length: count }, (_, index) => device(index + 1, more)) });
    const callsOf = (): number => local.hub.calls().total;
    const run = async (step: string, act: () => Promise<StackRun>): Promise<StackRun> => {
      const before = callsOf();
      const done = await act();
      note(step, done, callsOf() - before);
      expect(done.errors).toEqual([]);
      return done;
    };

    beforeAll(async () => {
      local = await startLocalStack({ configuration: { environment: "development", protect: false } });
      local.stack.configure(devices(3));
    });
    afterAll(async () => {
      await local[Symbol.asyncDispose]();
      process.stdout.write(
        `${["| step | devices | all resources | calls of the hub |", "|---|---|---|---|", ...table].join("\n")}\n`,
      );
    });

    it("starts with a preview of three to create, which asks the hub nothing and does not know the hub's name", async () => {
      const preview = await run("preview", () => local.stack.preview());
      expect(devicesIn(preview)).toEqual({ create: 3 });
      expect(local.hub.calls().total).toBe(0);
      const registered = preview.registrations.filter(({ type }) => type === DEVICE_TYPE);
      expect(registered.map(({ inputs }) => inputs["hostName"])).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
      expect(registered.map(({ inputs }) => inputs["deviceId"]).sort()).toEqual([
        "thermostat-1",
        "thermostat-2",
        "thermostat-3",
      ]);
    });

    it("goes on with an up that creates three, after the operator's role, on the hub's own name", async () => {
      const up = await run("up", () => local.stack.up());
      expect(devicesIn(up)).toEqual({ create: 3 });
      const { responseBody } = await connectRegistry(local.hub).getTwin("thermostat-1");
      expect(responseBody.tags).toEqual({
        product: "thermostat",
        rollout: { stratum: "rev-a", bucket: bucketOf("thermostat-1") },
      });
      const [registered] = up.registrations.filter(({ type }) => type === DEVICE_TYPE);
      expect(registered?.dependencies.some((urn) => urn.includes("authorization:RoleAssignment"))).toBe(true);
      expect(
        registered?.propertyDependencies["hostName"]?.some((urn) => urn.includes("IotHubResource")),
      ).toBe(true);
      expect(up.outputs["deviceBuckets"]).toMatchObject({ "thermostat-1": bucketOf("thermostat-1") });
    });

    it("has no key in the state, whose text no secret of the hub occurs in", () => {
      const state = JSON.stringify(
        [...local.stack.state.values()].map(({ inputs, outputs }) => [inputs, outputs]),
      );
      const secrets = ["primaryKey", "symmetricKey", "Bearer", local.hub.serviceKey];
      expect(secrets.filter((word) => state.includes(word))).toEqual([]);
    });

    it("changes nothing in a second up, and asks the hub nothing", async () => {
      const again = await run("up again", () => local.stack.up());
      expect(again.counts).toEqual({ same: local.stack.state.size });
      const preview = await run("preview again", () => local.stack.preview());
      expect(preview.counts).toEqual({ same: local.stack.state.size });
    });

    it("updates three when the configuration disables them", async () => {
      local.stack.configure(devices(3, { status: "disabled" }));
      const changed = await run("configuration: disabled", () => local.stack.up());
      expect(devicesIn(changed)).toEqual({ update: 3 });
      expect(changed.counts).toMatchObject({ update: 3, same: local.stack.state.size - 3 });
      expect((await connectRegistry(local.hub).get("thermostat-2")).responseBody.status).toBe("disabled");
    });

    it("finds in a refresh what was deleted and changed outside, and the next up heals both", async () => {
      const registry = connectRegistry(local.hub);
      await registry.delete("thermostat-1");
      await registry.updateTwin("thermostat-2", { tags: { rollout: { stratum: "rev-z" } } }, "*");
      const before = callsOf();
      const refreshed = await local.stack.refresh();
      expect(refreshed).toEqual({ gone: ["thermostat-1"], drifted: ["thermostat-2"] });
      table.push(`| refresh | 1 gone, 1 drifted | | ${callsOf() - before} |`);
      const healed = await run("up", () => local.stack.up());
      expect(devicesIn(healed)).toEqual({ same: 1, create: 1, update: 1 });
      expect((await registry.getTwin("thermostat-2")).responseBody.tags).toMatchObject({
        rollout: { stratum: "rev-a" },
      });
      expect((await registry.get("thermostat-1")).responseBody.status).toBe("disabled");
    });

    it("deletes two when it is scaled in to one", async () => {
      local.stack.configure(devices(1, { status: "disabled" }));
      const scaled = await run("scale in to 1", () => local.stack.up());
      expect(devicesIn(scaled)).toEqual({ same: 1, delete: 2 });
      await expect(connectRegistry(local.hub).get("thermostat-3")).rejects.toMatchObject({
        response: { statusCode: 404 },
      });
    });

    it("refuses bad input before anything is changed, all of it at once", async () => {
      local.stack.configure(
        settingsOf({
          devices: [
            device(1),
            device(1),
            device(4, { deviceId: "a/b" }),
            device(5, { authentication: { type: "selfSigned", primaryThumbprint: "xyz" } }),
          ],
        }),
      );
      const calls = callsOf();
      const size = local.stack.state.size;
      const refused = await local.stack.up();
      const said = refused.errors.join("\n");
      expect(said).toContain("wavegate:devices[2].deviceId: a device id is 1 to 128");
      expect(said).toContain(
        "wavegate:devices[1].deviceId: thermostat-1 occurs twice, first in devices[0].deviceId",
      );
      expect(said).toContain(
        "wavegate:devices[3].authentication.primaryThumbprint: a thumbprint is 40 or 64 hex digits",
      );
      // Nothing but the stack itself was registered.
      expect(refused.registrations.map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack"]);
      expect([local.stack.state.size, callsOf()]).toEqual([size, calls]);
    });

    it("is destroyed, but for what is protected", async () => {
      local.stack.configure({ ...devices(1, { status: "disabled" }), "wavegate:protect": "true" });
      await run("protect", () => local.stack.up());
      const refused = await local.stack.destroy();
      expect(refused.errors.join("\n")).toContain("cannot be deleted because it is protected");
      local.stack.configure({ "wavegate:environment": "development", "wavegate:protect": "false" });
      await run("unprotect", () => local.stack.up());
      const destroyed = await run("destroy", () => local.stack.destroy());
      expect(devicesIn(destroyed)).toEqual({ delete: 1 });
      expect(local.stack.state.size).toBe(0);
      await expect(connectRegistry(local.hub).get("thermostat-1")).rejects.toMatchObject({
        response: { statusCode: 404 },
      });
    });

    it("makes a key an output when asked to, as a secret and nowhere in plain", async () => {
      const authentication = { type: "sas" };
      local.stack.configure({
        ...settingsOf({ allowDeviceKeys: true, devices: [device(7, { authentication, exportKeys: true })] }),
      });
      const up = await local.stack.up();
      expect(up.errors).toEqual([]);
      const stored = [...local.stack.state.values()].find(({ name }) => name === "thermostat-7");
      const { responseBody } = await connectRegistry(local.hub).get("thermostat-7");
      const key = responseBody.authentication?.symmetricKey?.primaryKey ?? "";
      expect(isSecret(stored?.outputs["primaryKey"])).toBe(true);
      expect(JSON.stringify(stored?.outputs).includes(key)).toBe(true);
      const plain = [...local.stack.state.values()].map(({ inputs, outputs }) => [
        printedAll(inputs),
        printedAll(outputs),
      ]);
      expect(JSON.stringify([plain, printedAll(up.outputs)]).includes(key)).toBe(false);
      const again = await local.stack.up();
      expect(again.counts).toEqual({ same: local.stack.state.size });
    });
  },
);
