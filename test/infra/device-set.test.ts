import iotCommon from "azure-iot-common";
import iotDevice from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { deviceSetProvider } from "../../infra/devices/device-set-provider.ts";
import { parseSetState } from "../../infra/devices/device-set-state.ts";
import { paceOf, type HubSize, type Pace } from "../../infra/devices/hub-pace.ts";
import type { Properties } from "../../infra/devices/resource-life.ts";
import { startHub, type HubOptions, type LocalHub } from "../../local/hub/hub.ts";
import { bucketOf } from "../../rollout/model/bucket.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";

const HOST = "fleet.azure-devices.net";
const retries = { attempts: 5, firstMs: 1, mostMs: 5 };
const unhurried = (): Pace => () => Promise.resolve();

let hub: LocalHub;
afterEach(() => hub.close());

async function start(
  options: HubOptions = {},
  pace: (size: HubSize) => Pace = unhurried,
): Promise<ReturnType<typeof deviceSetProvider>> {
  hub = await startHub({ throttle: "off", ...options });
  return deviceSetProvider({
    connect: () => Promise.resolve(connectRegistry(hub)),
    patience: { attempts: 0, waitMs: 1 },
    retries,
    pace,
  });
}

const idOf = (index: number): string => `lot7-${String(index).padStart(4, "0")}`;
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => idOf(index));

function inputsOf(devices: readonly unknown[], changes: Properties = {}): Properties {
  return {
    hostName: HOST,
    setName: "lot-7",
    product: "thermostat",
    stratum: "rev-b",
    devices,
    __provider: "text of the provider",
    ...changes,
  };
}

async function twinTags(deviceId: string): Promise<unknown> {
  return (await connectRegistry(hub).getTwin(deviceId)).responseBody.tags;
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

describe("a set that can be made in part only", () => {
  it("names who was refused, keeps those that were made, and goes on from there", async () => {
    const provider = await start();
    hub.createDevice({ deviceId: idOf(7) });
    const inputs = inputsOf(ids(110));
    const failure: unknown = await provider.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringContaining(`${idOf(7)}: it exists already; set adoptExisting: true`) as unknown,
      id: `${HOST}/sets/lot-7`,
      properties: { count: 109, __provider: "text of the provider" },
    });
    const { properties } = failure as { properties: Properties };
    await connectRegistry(hub).delete(idOf(7));
    const before = registryCalls();
    expect((await provider.diff("id", properties, inputs)).changes).toBe(true);
    const { outs } = await provider.update("id", properties, inputs);
    expect([outs.count, registryCalls() - before]).toEqual([110, 1]);
  });

  it("keeps what was made when the hub fails in the middle, and writes only the rest in the next run", async () => {
    const provider = await start();
    let batches = 0;
    const inputs = inputsOf(ids(250));
    // From the second batch on.
    const real = connectRegistry(hub);
    const add: typeof real.addDevices = real.addDevices.bind(real);
    const breaking = deviceSetProvider({
      connect: () => {
        real.addDevices = ((devices: Parameters<typeof add>[0]) =>
          ++batches > 1
            ? Promise.reject(
                Object.assign(new Error("out of order"), { response: { statusCode: 503, headers: {} } }),
              )
            : add(devices)) as typeof real.addDevices;
        return Promise.resolve(real);
      },
      patience: { attempts: 0, waitMs: 1 },
      retries: { attempts: 1, firstMs: 1, mostMs: 1 },
      pace: unhurried,
    });
    const failure: unknown = await breaking.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({ properties: { count: 100 } });
    const before = registryCalls();
    const { outs } = await provider.update("id", (failure as { properties: Properties }).properties, inputs);
    expect([outs.count, registryCalls() - before]).toEqual([250, 2]);
  });

  it("takes a device for its own that exists after an answer was lost, when it is as declared", async () => {
    const provider = await start();
    const lost = hub.faults.add({ kind: "lost answer", match: { route: "POST /devices" }, times: 1 });
    const { outs } = await provider.create(inputsOf(ids(10)));
    expect([lost.hits(), outs.count]).toEqual([1, 10]);
  });

  it("says what to do when nothing was made, and keeps nothing", async () => {
    const provider = await start();
    for (const deviceId of ids(2)) hub.createDevice({ deviceId });
    const failure: unknown = await provider.create(inputsOf(ids(2))).catch((error: unknown) => error);
    expect(failure).not.toHaveProperty("id");
  });

  it("takes over devices when asked to, and forgets them at the end", async () => {
    const provider = await start();
    hub.createDevice({ deviceId: idOf(0) });
    const sas = { authentication: { type: "sas" }, adoptExisting: true };
    const { id, outs } = await provider.create(inputsOf(ids(2), sas));
    expect(outs.adopted).toEqual([idOf(0)]);
    expect(await twinTags(idOf(0))).toMatchObject({ product: "thermostat" });
    await provider.delete(id, outs);
    expect((await connectRegistry(hub).get(idOf(0))).responseBody.deviceId).toBe(idOf(0));
    await expect(connectRegistry(hub).get(idOf(1))).rejects.toMatchObject({ response: { statusCode: 404 } });
  });

  it("deletes at the end what it had adopted, when that was gone in between and it made it again", async () => {
    const provider = await start();
    hub.createDevice({ deviceId: idOf(0) });
    const inputs = inputsOf(ids(2), { authentication: { type: "sas" }, adoptExisting: true });
    const { id, outs } = await provider.create(inputs);
    await connectRegistry(hub).delete(idOf(0));
    const { props } = await provider.read(id, outs);
    const { outs: remade } = await provider.update(id, props, inputs);
    expect(remade.adopted).toEqual([]);
    await provider.delete(id, remade);
    await expect(connectRegistry(hub).get(idOf(0))).rejects.toMatchObject({ response: { statusCode: 404 } });
  });

  it("takes over nobody who signs in another way", async () => {
    const provider = await start();
    hub.createDevice({ deviceId: idOf(0) });
    await expect(provider.create(inputsOf(ids(2), { adoptExisting: true }))).rejects.toThrow(
      `${idOf(0)} signs in by sas, not by certificateAuthority; declare what they have`,
    );
    await expect(connectRegistry(hub).get(idOf(1))).rejects.toMatchObject({ response: { statusCode: 404 } });
  });
});

describe("a hub that limits calls", () => {
  it("is never called faster than its tier allows: 250 devices on S1 take a minute and a half, and no refusal", async () => {
    let now = Date.now();
    const startedAt = now;
    const clock = { now: () => now, sleep: (ms: number) => Promise.resolve((now += ms)) };
    const never = new Promise<void>(() => undefined);
    const hubClock = { now: clock.now, sleep: () => never };
    const provider = await start({ throttle: "strict", clock: hubClock }, (size) => paceOf(size, clock));
    const { outs } = await provider.create(inputsOf(ids(250)));
    expect(outs.count).toBe(250);
    expect(hub.calls()).toMatchObject({ registry: 3, throttled: 0 });
    expect((now - startedAt) / 60_000).toBeCloseTo(1.53, 2);
  });

  it("is asked again after a refusal", async () => {
    const provider = await start();
    const refusals = hub.faults.add({
      kind: "status",
      status: 429,
      match: { route: "POST /devices" },
      times: 2,
    });
    const { outs } = await provider.create(inputsOf(ids(3)));
    expect([refusals.hits(), outs.count]).toEqual([2, 3]);
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
