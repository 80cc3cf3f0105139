import { randomBytes } from "node:crypto";
import iotCommon from "azure-iot-common";
import iotDevice from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { deviceProvider, type DeviceProvider } from "../../infra/devices/device-provider.ts";
import { withDeadline } from "../../infra/devices/registry-calls.ts";
import { startHub, type LocalHub } from "../../local/hub/hub.ts";
import { bucketOf } from "../../rollout/model/bucket.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";

let hub: LocalHub;
let provider: DeviceProvider;
const HOST = "fleet.azure-devices.net";
const once = { attempts: 0, waitMs: 1 };
const retries = { attempts: 5, firstMs: 1, mostMs: 5 };

beforeAll(async () => {
  hub = await startHub({ throttle: "off" });
  provider = deviceProvider({
    connect: () => Promise.resolve(connectRegistry(hub)),
    patience: once,
    retries,
  });
});
afterAll(() => hub.close());

let count = 0;
/** Checked inputs of a device of its own, as Pulumi hands them on. */
async function inputsOf(changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const given = {
    hostName: HOST,
    deviceId: `thermostat-${++count}`,
    product: "thermostat",
    stratum: "rev-a",
    ring: "canary",
    authentication: { type: "sas" },
    ...changes,
  };
  const { inputs, failures } = await provider.check({}, given);
  expect(failures).toEqual([]);
  return { ...inputs, __provider: "text of the provider" };
}

async function twinTags(deviceId: unknown): Promise<unknown> {
  return (await connectRegistry(hub).getTwin(String(deviceId))).responseBody.tags;
}

describe("a device identity's life on a hub, through Microsoft's service SDK", () => {
  it("is registered enabled, with the tags of its product, stratum, ring and bucket", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const deviceId = String(inputs["deviceId"]);
    expect(id).toBe(`${HOST}/${deviceId}`);
    expect(await twinTags(deviceId)).toEqual({
      product: "thermostat",
      rollout: { stratum: "rev-a", ring: "canary", bucket: bucketOf(deviceId) },
    });
    expect(outs).toMatchObject({ deviceId, status: "enabled", adopted: false, bucket: bucketOf(deviceId) });
    expect((await connectRegistry(hub).get(deviceId)).responseBody.status).toBe("enabled");
  });

  it("leaves no key in the state", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const { responseBody } = await connectRegistry(hub).get(String(inputs["deviceId"]));
    const keys = Object.values(responseBody.authentication?.symmetricKey ?? {});
    expect(keys.filter((key) => key !== "")).toHaveLength(2);
    const read = await provider.read(id, outs);
    for (const key of keys) expect(JSON.stringify([outs, read])).not.toContain(key);
  });

  it("has nothing to change after it was made, nor after a refresh", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    expect(await provider.diff(id, outs, inputs)).toEqual({ changes: false, replaces: [] });
    const { props, inputs: refreshed } = await provider.read(id, outs);
    expect(props).toEqual(outs);
    expect(await provider.diff(id, props, inputs)).toEqual({ changes: false, replaces: [] });
    expect(await provider.check({}, { ...refreshed })).toMatchObject({ failures: [] });
  });

  it("changes its status, stratum and ring in place, and keeps its keys and everybody else's tags", async () => {
    const inputs = await inputsOf();
    const deviceId = String(inputs["deviceId"]);
    const { id, outs } = await provider.create(inputs);
    const registry = connectRegistry(hub);
    const keys = (await registry.get(deviceId)).responseBody.authentication?.symmetricKey;
    await registry.updateTwin(deviceId, { tags: { site: "oslo", rollout: { hold: true } } }, "*");

    const ringless = Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "ring"));
    const changed = { ...ringless, status: "disabled", stratum: "rev-b" };
    expect(await provider.diff(id, outs, changed)).toEqual({ changes: true, replaces: [] });
    const after = await provider.update(id, outs, changed);

    const { responseBody } = await registry.get(deviceId);
    expect(responseBody.status).toBe("disabled");
    expect(responseBody.authentication?.symmetricKey).toEqual(keys);
    expect(await twinTags(deviceId)).toEqual({
      product: "thermostat",
      site: "oslo",
      rollout: { stratum: "rev-b", bucket: bucketOf(deviceId), hold: true },
    });
    expect(await provider.diff(id, after.outs, changed)).toEqual({ changes: false, replaces: [] });
  });

  it("sends a key back as it is when something else changes, since a hub may read a blank one as a wish for a new one", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const registry = connectRegistry(hub);
    const keys = (await registry.get(outs.deviceId)).responseBody.authentication?.symmetricKey;
    const written = vi.spyOn(registry, "update");
    const watched = deviceProvider({ connect: () => Promise.resolve(registry), patience: once, retries });
    await watched.update(id, outs, { ...inputs, status: "disabled" });
    expect(written.mock.calls).toEqual([
      [
        expect.objectContaining({
          authentication: expect.objectContaining({ symmetricKey: keys }) as unknown,
        }),
      ],
    ]);
  });

  it.each([
    ["hostName", "other.azure-devices.net"],
    ["deviceId", "another-device"],
  ])("is another device when its %s changes", async (key, value) => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    expect(await provider.diff(id, outs, { ...inputs, [key]: value })).toEqual({
      changes: true,
      replaces: [key],
    });
  });

  it("shows what was changed outside, and an update heals it", async () => {
    const inputs = await inputsOf();
    const deviceId = String(inputs["deviceId"]);
    const { id, outs } = await provider.create(inputs);
    await connectRegistry(hub).updateTwin(
      deviceId,
      { tags: { rollout: { ring: "late", bucket: null } } },
      "*",
    );

    const { props } = await provider.read(id, outs);
    expect(props).toMatchObject({ ring: "late" });
    expect(props).not.toHaveProperty("bucket");
    expect(await provider.diff(id, props, inputs)).toEqual({ changes: true, replaces: [] });
    await provider.update(id, props, inputs);
    expect(await twinTags(deviceId)).toMatchObject({
      rollout: { ring: "canary", bucket: bucketOf(deviceId) },
    });
  });

  it("is deleted, and a second delete and a read find that it is gone", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    await provider.delete(id, outs);
    await expect(connectRegistry(hub).get(String(inputs["deviceId"]))).rejects.toMatchObject({
      response: { statusCode: 404 },
    });
    await provider.delete(id, outs);
    expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
  });
});

describe("a device identity in bad weather", () => {
  it("is registered, tagged, changed and deleted by a hub that refuses each call for the moment", async () => {
    const inputs = await inputsOf();
    const refusals = hub.faults.add({ kind: "status", status: 429, match: { api: "rest" }, times: 2 });
    const { id, outs } = await provider.create(inputs);
    expect(refusals.hits()).toBe(2);
    const outages = hub.faults.add({ kind: "status", status: 503, match: { api: "rest" }, times: 1 });
    await provider.update(id, outs, { ...inputs, stratum: "rev-b" });
    hub.faults.add({ kind: "lost answer", match: { route: /^DELETE / }, times: 1 });
    await provider.delete(id, outs);
    expect(outages.hits()).toBe(1);
    expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
  });

  it("is the stack's own when the answer to its registration was lost", async () => {
    const inputs = await inputsOf();
    const lost = hub.faults.add({ kind: "lost answer", match: { route: /^PUT \/devices/ }, times: 1 });
    const { id, outs } = await provider.create(inputs);
    expect([lost.hits(), outs.adopted]).toEqual([1, false]);
    await provider.delete(id, outs);
    expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
  });

  it("is not taken from somebody else because an answer was lost", async () => {
    const inputs = await inputsOf({ authentication: { type: "certificateAuthority" } });
    hub.createDevice({ deviceId: String(inputs["deviceId"]) });
    hub.faults.add({ kind: "status", status: 503, match: { route: /^PUT \/devices/ }, times: 1 });
    await expect(provider.create(inputs)).rejects.toThrow("it exists already; set adoptExisting: true");
  });

  it("is told as late when the hub takes the call and never answers", async () => {
    const inputs = await inputsOf();
    const silent = hub.faults.add({ kind: "no answer", match: { route: /^PUT \/devices/ }, times: 1 });
    const hurried = deviceProvider({
      connect: () => Promise.resolve(withDeadline(connectRegistry(hub), 300)),
      patience: once,
      retries,
    });
    const { outs } = await hurried.create(inputs);
    expect([silent.hits(), outs.adopted]).toEqual([1, false]);
  });

  it("is no other device while a preview does not know the hub's name", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const unknown = { ...inputs, hostName: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    expect(await provider.diff(id, outs, unknown)).toEqual({ changes: true, replaces: [] });
  });
});

describe("a device that is connected", () => {
  it("is not deleted while it is enabled, unless the stack forces it", async () => {
    const inputs = await inputsOf();
    const { id, outs } = await provider.create(inputs);
    const client = iotDevice.Client.fromConnectionString(hub.deviceConnectionString(outs.deviceId), Mqtt);
    await client.setOptions({ ca: hub.caPem });
    client.setRetryPolicy(new iotCommon.NoRetry());
    await client.open();
    try {
      await expect(provider.delete(id, outs)).rejects.toThrow(
        "it is enabled and connected; disable it, or set forceDelete: true",
      );
      await provider.delete(id, { ...outs, forceDelete: true });
      expect(await provider.read(id, outs)).toEqual({ id: "", props: {} });
    } finally {
      await client.close();
    }
  });
});

describe("a device that exists already", () => {
  it("is not taken over unasked, and the error says how", async () => {
    const inputs = await inputsOf();
    hub.createDevice({ deviceId: String(inputs["deviceId"]) });
    await expect(provider.create(inputs)).rejects.toThrow(
      /cannot register device .* it exists already; set adoptExisting: true/,
    );
    expect(await twinTags(inputs["deviceId"])).not.toHaveProperty("product");
  });

  it("is adopted when asked: tagged, then forgotten and not deleted", async () => {
    const inputs = await inputsOf({ adoptExisting: true, status: "disabled" });
    const deviceId = String(inputs["deviceId"]);
    hub.createDevice({ deviceId });
    const { id, outs } = await provider.create(inputs);
    expect(outs).toMatchObject({ adopted: true, status: "disabled" });
    expect(await twinTags(deviceId)).toMatchObject({ product: "thermostat" });
    await provider.delete(id, outs);
    expect((await connectRegistry(hub).get(deviceId)).responseBody.deviceId).toBe(deviceId);
  });

  it("is not adopted when it signs in another way", async () => {
    const inputs = await inputsOf({ adoptExisting: true, authentication: { type: "certificateAuthority" } });
    hub.createDevice({ deviceId: String(inputs["deviceId"]) });
    await expect(provider.create(inputs)).rejects.toThrow(
      "it exists and signs in by sas, not by certificateAuthority",
    );
  });

  it("is made when adopting is allowed and there is none", async () => {
    const { outs } = await provider.create(await inputsOf({ adoptExisting: true }));
    expect(outs.adopted).toBe(false);
  });
});

describe("a hub that does not allow the call", () => {
  const stranger = { ...{ serviceKey: randomBytes(32).toString("base64") } };

  it("is asked again while a new role is on its way", async () => {
    const inputs = await inputsOf();
    let calls = 0;
    const patient = deviceProvider({
      connect: () => Promise.resolve(connectRegistry({ ...hub, ...(++calls < 3 ? stranger : {}) })),
      patience: { attempts: 5, waitMs: 1 },
      retries,
    });
    await patient.create(inputs);
    expect(calls).toBe(3);
    expect(await twinTags(inputs["deviceId"])).toMatchObject({ product: "thermostat" });
  });

  it("ends the attempt in the end, with the next step", async () => {
    const denied = deviceProvider({
      connect: () => Promise.resolve(connectRegistry({ ...hub, ...stranger })),
      patience: { attempts: 2, waitMs: 1 },
      retries,
    });
    await expect(denied.create(await inputsOf())).rejects.toThrow(
      /HTTP 401: .*sign in as the stack's operator/,
    );
  });

  it("keeps an identity in the state that was made but could not be tagged", async () => {
    const inputs = await inputsOf();
    const registry = connectRegistry(hub);
    const failing = deviceProvider({
      connect: () => {
        // Only the twin's side of the same client fails, as it does with a role that lacks it.
        const other = connectRegistry({ ...hub, ...stranger });
        registry.getTwin = other.getTwin.bind(other);
        return Promise.resolve(registry);
      },
      patience: once,
      retries,
    });
    const failure: unknown = await failing.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      id: `${HOST}/${String(inputs["deviceId"])}`,
      properties: { deviceId: inputs["deviceId"], __provider: "text of the provider" },
    });
    expect((await connectRegistry(hub).get(String(inputs["deviceId"]))).responseBody.status).toBe("enabled");
  });
});

describe("the inputs of a device identity", () => {
  const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const good = { hostName: HOST, deviceId: "d1", product: "thermostat", stratum: "rev-a" };

  it("are refused with every problem at once", async () => {
    const { failures } = await provider.check(
      {},
      {
        hostName: "no host",
        deviceId: "a/b",
        product: "Thermo Stat",
        stratum: "it's",
        status: "off",
        authentication: { type: "selfSigned", primaryThumbprint: "xyz" },
      },
    );
    expect(failures.map(({ property }) => property).sort()).toEqual([
      "authentication.primaryThumbprint",
      "deviceId",
      "hostName",
      "product",
      "status",
      "stratum",
    ]);
  });

  it("write thumbprints in upper case, so that spelling is no change", async () => {
    const authentication = { type: "selfSigned", primaryThumbprint: "ab".repeat(20) };
    const { inputs } = await provider.check({}, { ...good, authentication });
    expect(inputs["authentication"]).toEqual({ type: "selfSigned", primaryThumbprint: "AB".repeat(20) });
  });

  it("sign in by a certificate authority unless they say otherwise", async () => {
    const { inputs } = await provider.check({}, good);
    expect(inputs["authentication"]).toEqual({ type: "certificateAuthority" });
  });

  it("pass a preview that does not know them yet, but not what is wrong beside", async () => {
    const { failures } = await provider.check(
      {},
      { ...good, hostName: UNKNOWN, status: UNKNOWN, stratum: "it's" },
    );
    expect(failures.map(({ property }) => property)).toEqual(["stratum"]);
  });
});
