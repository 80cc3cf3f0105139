import iotCommon from "azure-iot-common";
import iotDevice from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { describe, expect, it } from "vitest";
import { parseSetState } from "../../infra/devices/device-set-state.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { bucketOf } from "../../rollout/model/bucket.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import { HOST, idOf, ids, inputsOf, startSets, type SetsOnHub } from "./sets-on-hub.ts";

let hub: LocalHub;
let twinTags: SetsOnHub["twinTags"];

async function start(...given: Parameters<typeof startSets>): Promise<SetsOnHub["provider"]> {
  const started = await startSets(...given);
  ({ hub, twinTags } = started);
  return started.provider;
}

/** Requests of the registry's class that the hub saw. */
const registryCalls = (): number => hub.calls().registry;

describe("a set of devices on a hub, through Microsoft's service SDK", () => {
  it("is made a hundred a call, each device with its tags, its bucket and no key", async () => {
    const provider = await start();
    const thumb = { type: "selfSigned", primaryThumbprint: "ab".repeat(32) };
    const devices = [
      ...ids(249),
      { deviceId: "lot7-own", stratum: "rev-c", ring: "canary", hold: true, authentication: thumb },
    ];
    const { id, outs } = await provider.create(inputsOf(devices));
    expect(id).toBe(`${HOST}/sets/lot-7`);
    expect(outs.count).toBe(250);
    expect(hub.calls()).toMatchObject({ registry: 3, total: 3 });
    expect(await twinTags(idOf(3))).toEqual({
      product: "thermostat",
      rollout: { stratum: "rev-b", bucket: bucketOf(idOf(3)) },
    });
    expect(await twinTags("lot7-own")).toEqual({
      product: "thermostat",
      rollout: { stratum: "rev-c", ring: "canary", hold: true, bucket: bucketOf("lot7-own") },
    });
    const { responseBody } = await connectRegistry(hub).get("lot7-own");
    expect(responseBody.authentication?.x509Thumbprint?.primaryThumbprint).toBe("AB".repeat(32));
    expect(JSON.stringify(outs)).not.toMatch(/key/i);
  });

  it("is the same in another order, and after a refresh", async () => {
    const provider = await start();
    const inputs = inputsOf(ids(5));
    const { id, outs } = await provider.create(inputs);
    const reversed = inputsOf(ids(5).reverse());
    expect(await provider.diff(id, outs, reversed)).toEqual({ changes: false, replaces: [] });
    const { props } = await provider.read(id, outs);
    expect(props).toEqual(outs);
  });

  it("writes only what changed: a tag by one patch, an identity by one bulk call, and leaves others' tags", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(120)));
    await connectRegistry(hub).updateTwin(
      idOf(1),
      { tags: { site: "oslo", rollout: { hold: "by hand" } } },
      "*",
    );
    const before = hub.calls();
    const changed = inputsOf([
      ...ids(120).slice(2),
      { deviceId: idOf(0), status: "disabled" },
      { deviceId: idOf(1), stratum: "rev-c" },
    ]);
    expect((await provider.diff(id, outs, changed)).changes).toBe(true);
    const { outs: after } = await provider.update(id, outs, changed);
    const calls = hub.calls();
    expect([
      calls.registry - before.registry,
      calls.twinWrites - before.twinWrites,
      calls.twinReads - before.twinReads,
    ]).toEqual([1, 1, 2]);
    expect(await twinTags(idOf(1))).toMatchObject({
      site: "oslo",
      rollout: { stratum: "rev-c", hold: "by hand" },
    });
    expect((await connectRegistry(hub).get(idOf(0))).responseBody.status).toBe("disabled");
    expect((await provider.diff(id, after, changed)).changes).toBe(false);
  });

  it("keeps the keys of devices that sign in by key when their status changes", async () => {
    const provider = await start({ blankKeys: "regenerate" });
    const sas = { authentication: { type: "sas" } };
    const { id, outs } = await provider.create(inputsOf(ids(1), sas));
    const registry = connectRegistry(hub);
    const keys = (await registry.get(idOf(0))).responseBody.authentication?.symmetricKey;
    await provider.update(id, outs, inputsOf(ids(1), { ...sas, status: "disabled" }));
    const { responseBody } = await registry.get(idOf(0));
    expect(responseBody.status).toBe("disabled");
    expect(responseBody.authentication?.symmetricKey).toEqual(keys);
  });

  it("lets a device go when the stack no longer holds it, and only then", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(2), { hold: true }));
    await provider.update(id, outs, inputsOf(ids(2)));
    expect(await twinTags(idOf(0))).not.toHaveProperty("rollout.hold");
  });

  it("grows and shrinks by the difference, in bulk", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(150)));
    const before = registryCalls();
    const { outs: after } = await provider.update(id, outs, inputsOf([...ids(30), "lot7-new"]));
    expect(registryCalls() - before).toBe(1 + 2);
    expect(after.count).toBe(31);
    await expect(connectRegistry(hub).get(idOf(31))).rejects.toMatchObject({ response: { statusCode: 404 } });
    await provider.delete(id, after);
    await expect(connectRegistry(hub).get("lot7-new")).rejects.toMatchObject({
      response: { statusCode: 404 },
    });
    await provider.delete(id, after);
  });

  it("shows in a refresh what was deleted or changed outside, and the next update heals it", async () => {
    const provider = await start();
    const inputs = inputsOf(ids(10));
    const { id, outs } = await provider.create(inputs);
    const registry = connectRegistry(hub);
    await registry.delete(idOf(2));
    await registry.updateTwin(idOf(4), { tags: { rollout: { bucket: null } } }, "*");
    const { props } = await provider.read(id, outs);
    expect(props["count"]).toBe(9);
    expect((await provider.diff(id, props, inputs)).changes).toBe(true);
    const { outs: healed } = await provider.update(id, props, inputs);
    expect(healed).toEqual(outs);
    expect(await twinTags(idOf(4))).toMatchObject({ rollout: { bucket: bucketOf(idOf(4)) } });
    expect(await twinTags(idOf(2))).toMatchObject({ product: "thermostat" });
  });

  it("is gone when none of its devices is left", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(2)));
    await connectRegistry(hub).removeDevices([{ deviceId: idOf(0) }, { deviceId: idOf(1) }], true);
    expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
  });

  it("deletes no device that is enabled and connected, nor anything else then, unless it is forced", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(3), { authentication: { type: "sas" } }));
    const client = iotDevice.Client.fromConnectionString(hub.deviceConnectionString(idOf(1)), Mqtt);
    await client.setOptions({ ca: hub.caPem });
    client.setRetryPolicy(new iotCommon.NoRetry());
    await client.open();
    try {
      await expect(provider.delete(id, outs)).rejects.toThrow(`${idOf(1)} is enabled and connected`);
      expect((await connectRegistry(hub).get(idOf(0))).responseBody.deviceId).toBe(idOf(0));
      await provider.delete(id, { ...outs, forceDelete: true });
      await expect(connectRegistry(hub).get(idOf(1))).rejects.toMatchObject({
        response: { statusCode: 404 },
      });
    } finally {
      await client.close();
    }
  });
});

describe("what a set is compared by", () => {
  it("may have devices that are called like what every object has", async () => {
    const provider = await start();
    const inputs = inputsOf(["constructor", "toString"]);
    const { id, outs } = await provider.create(inputs);
    expect(outs.count).toBe(2);
    const { props } = await provider.read(id, outs);
    expect((await provider.diff(id, props, inputs)).changes).toBe(false);
    const { failures } = await provider.check({}, inputsOf(["__proto__"]));
    expect(failures.map(({ property }) => property)).toEqual(["devices.0.deviceId"]);
  });

  it("is no other set while a preview does not know the hub's name", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(2)));
    const unknown = inputsOf(ids(2), { hostName: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" });
    expect(await provider.diff(id, outs, unknown)).toEqual({ changes: true, replaces: [] });
  });
});

describe("the inputs of a set", () => {
  it("are refused with every problem at once, by place, each with what to do", async () => {
    const provider = await start();
    const { failures } = await provider.check(
      {},
      inputsOf(
        [
          idOf(0),
          { deviceId: "a/b" },
          { deviceId: idOf(1), bucket: 7 },
          { deviceId: idOf(2), status: "off" },
        ],
        {
          hostName: "no host",
          authentication: { type: "selfSigned", primaryThumbprint: "xyz" },
        },
      ),
    );
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "authentication.primaryThumbprint",
      "devices.1.deviceId",
      "devices.2.bucket",
      "devices.3.status",
      "hostName",
    ]);
    expect(failures.find(({ property }) => property === "devices.2.bucket")?.reason).toContain("remove it");
  });

  it("name a device once, and give each a product and a stratum", async () => {
    const provider = await start();
    const { failures } = await provider.check(
      {},
      { hostName: HOST, setName: "lot-7", product: "thermostat", devices: [idOf(0), idOf(1), idOf(0)] },
    );
    expect(failures).toContainEqual({
      property: "devices.2.deviceId",
      reason: `${idOf(0)} occurs twice, first as devices.0: remove one`,
    });
    expect(failures).toContainEqual({
      property: "devices.0.stratum",
      reason: `${idOf(0)} has no stratum: declare it here, or for the whole set`,
    });
  });

  it("keep to a short hash a device in the state", async () => {
    const provider = await start();
    const { outs } = await provider.create(inputsOf(ids(100)));
    expect(JSON.stringify(outs).length / 100).toBeLessThan(35);
    expect(parseSetState(outs)).toEqual(outs);
  });
});
