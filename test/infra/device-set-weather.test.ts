import { describe, expect, it } from "vitest";
import { paceOf } from "../../infra/devices/hub-pace.ts";
import type { Properties } from "../../infra/devices/resource-life.ts";
import { connectRegistry } from "../support/iot-hub-registry.ts";
import type { LocalHub } from "../../local/hub/hub.ts";
import { HOST, idOf, ids, inputsOf, startSets, type SetsOnHub } from "./sets-on-hub.ts";

let hub: LocalHub;
let twinTags: SetsOnHub["twinTags"];
let providerBy: SetsOnHub["providerBy"];

async function start(...given: Parameters<typeof startSets>): Promise<SetsOnHub["provider"]> {
  const started = await startSets(...given);
  ({ hub, twinTags, providerBy } = started);
  return started.provider;
}

/** Requests of the registry's class that the hub saw. */
const registryCalls = (): number => hub.calls().registry;

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
    real.addDevices = ((devices: Parameters<typeof add>[0]) =>
      ++batches > 1
        ? Promise.reject(
            Object.assign(new Error("out of order"), { response: { statusCode: 503, headers: {} } }),
          )
        : add(devices)) as typeof real.addDevices;
    const breaking = providerBy(real, 1);
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

  it("keeps in doubt what a call without an answer was to make, and finds it to be its own in the next run", async () => {
    const provider = await start();
    const inputs = inputsOf(ids(130));
    // The first call of all is done and never answered, nor is any of those that ask again.
    hub.faults.add({ kind: "lost answer", match: { route: "POST /devices" }, times: 1 });
    const down = hub.faults.add({ kind: "status", status: 503, match: { api: "rest" } });
    const failure: unknown = await provider.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringContaining("100 devices may or may not be there") as unknown,
      properties: { count: 0 },
    });
    down.remove();
    const { properties } = failure as { properties: Properties };
    const { outs } = await provider.update("id", properties, inputs);
    expect([outs.count, outs.adopted]).toEqual([130, []]);
    expect((await provider.diff("id", outs, inputs)).changes).toBe(false);
  });

  it("keeps in doubt what exists after an answer was lost and cannot be looked at", async () => {
    const provider = await start();
    const inputs = inputsOf(ids(10));
    hub.faults.add({ kind: "lost answer", match: { route: "POST /devices" }, times: 1 });
    const down = hub.faults.add({ kind: "status", status: 503, match: { route: "GET /twins/:id" } });
    const failure: unknown = await provider.create(inputs).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringContaining("10 devices may or may not be there") as unknown,
      properties: { count: 0 },
    });
    down.remove();
    const { properties } = failure as { properties: Properties };
    expect((await provider.update("id", properties, inputs)).outs).toMatchObject({ count: 10, adopted: [] });
  });

  it("neither takes over nor deletes somebody else's device that was in doubt", async () => {
    const provider = await start();
    hub.createDevice({ deviceId: idOf(1) });
    const inputs = inputsOf(ids(3));
    const down = hub.faults.add({ kind: "status", status: 503, match: { route: "POST /devices" } });
    const failure: unknown = await provider.create(inputs).catch((error: unknown) => error);
    down.remove();
    const { properties } = failure as { properties: Properties };
    await expect(provider.update("id", properties, inputs)).rejects.toThrow(`${idOf(1)}: it exists already`);
    expect((await provider.read("id", properties)).props).toMatchObject({ count: 2 });
    await provider.delete("id", properties);
    expect((await connectRegistry(hub).get(idOf(1))).responseBody.deviceId).toBe(idOf(1));
    await expect(connectRegistry(hub).get(idOf(0))).rejects.toMatchObject({ response: { statusCode: 404 } });
  });

  it("goes on with the others when a device is deleted while its tags are written", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(40)));
    const registry = connectRegistry(hub);
    const write = registry.updateTwin.bind(registry);
    registry.updateTwin = (async (...args: Parameters<typeof write>) => {
      if (args[0] === idOf(5)) await connectRegistry(hub).delete(idOf(5));
      return write(...args);
    }) as typeof registry.updateTwin;
    const disturbed = providerBy(registry);
    const changed = inputsOf(ids(40), { stratum: "rev-c" });
    const failure: unknown = await disturbed.update(id, outs, changed).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringContaining(`${idOf(5)}: it was deleted in between`) as unknown,
    });
    expect(await twinTags(idOf(39))).toMatchObject({ rollout: { stratum: "rev-c" } });
    const { properties } = failure as { properties: Properties };
    expect((await provider.update(id, properties, changed)).outs.count).toBe(40);
    expect(await twinTags(idOf(5))).toMatchObject({ rollout: { stratum: "rev-c" } });
  });

  it("asks nothing more once it has failed", async () => {
    const provider = await start();
    const { id, outs } = await provider.create(inputsOf(ids(200)));
    hub.faults.add({ kind: "status", status: 503, match: { route: "GET /twins/:id" } });
    await expect(provider.read(id, outs)).rejects.toThrow("HTTP 503");
    const before = hub.calls().total;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hub.calls().total).toBe(before);
    // Sixteen at a time, each tried six times; not two hundred.
    expect(before).toBeLessThan(1 + 17 * 6);
  });

  it("takes no report for a success that says it is none", async () => {
    const provider = await start();
    const registry = connectRegistry(hub);
    registry.addDevices = (() =>
      Promise.resolve({
        responseBody: { isSuccessful: false, errors: [] },
      })) as unknown as typeof registry.addDevices;
    const lied = providerBy(registry);
    await expect(lied.create(inputsOf(ids(2)))).rejects.toThrow("of no device why");
    expect((await provider.create(inputsOf(ids(2)))).outs.count).toBe(2);
  });

  it("says what to do when nothing was made, and keeps nothing", async () => {
    const provider = await start();
    for (const deviceId of ids(2)) hub.createDevice({ deviceId });
    const failure: unknown = await provider.create(inputsOf(ids(2))).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /set adoptExisting: true.*0 devices are there, run pulumi up/,
      ) as unknown,
    });
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
