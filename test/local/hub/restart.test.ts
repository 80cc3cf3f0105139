import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "azure-iot-device";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHub, type HubOptions, type LocalHub } from "../../../local/hub/hub.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration } from "./hub-fixture.ts";
import { createManualClock } from "./manual-clock.ts";

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "hub-data-"));
});
afterEach(() => rm(data, { recursive: true }));

function aHub(options: HubOptions = {}): Promise<LocalHub> {
  return startHub({ data, clock: createManualClock(), throttle: "off", ...options });
}

/** How a device is connected is not the hub's to remember. */
const FLEETING = new Set(["connectionState", "connectionStateUpdatedTime", "lastActivityTime"]);

/** All that the service API shows of a hub's devices and configurations, but for connections. */
async function documentsOf(hub: LocalHub): Promise<unknown> {
  const registry = connectRegistry(hub);
  const { responseBody: devices } = await registry.list();
  const { responseBody: configurations } = await registry.getConfigurations();
  const twins = await registry.createQuery("SELECT * FROM devices").next();
  const all = JSON.stringify({ devices, configurations, twins: twins.result as unknown });
  return JSON.parse(all, (key, value: unknown) => (FLEETING.has(key) ? undefined : value));
}

/** Devices with tags, desired properties, reports and a configuration that holds one of them. */
async function fill(hub: LocalHub): Promise<void> {
  const registry = connectRegistry(hub);
  for (const deviceId of ["d1", "d2", "gone"]) hub.createDevice({ deviceId, tags: { site: deviceId } });
  await registry.addConfiguration(
    aConfiguration("c1", {
      targetCondition: "tags.site = 'd1'",
      metrics: { queries: { some: "SELECT deviceId FROM devices WHERE tags.site = 'd1'" } },
    }),
  );
  await registry.addConfiguration(aConfiguration("c2"));
  hub.evaluateNow();
  await registry.removeConfiguration("c2");
  await registry.updateTwin("d2", { tags: { floor: 3 }, properties: { desired: { a: { b: 1 } } } }, "*");
  await using device = await connectDevice(hub, "d2");
  await device.report({ state: { is: "well" } });
  await registry.delete("gone");
}

describe("a hub started again on its folder", () => {
  it("holds what it accepted, however it ended", { timeout: 60_000 }, async () => {
    const hub = await aHub();
    await fill(hub);
    const before = await documentsOf(hub);
    // What a process that was killed leaves behind: the folder as it is, locked by nobody who lives.
    const killed = `${data}-killed`;
    await cp(data, killed, { recursive: true });
    await writeFile(join(killed, "lock"), "999999999\n");
    await hub.close();
    for (const folder of [killed, data]) {
      await using again = await aHub({ data: folder });
      expect(await documentsOf(again)).toEqual(before);
      expect(again.serviceConnectionString.split("SharedAccessKey=")[1]).toBe(hub.serviceKey);
      expect(again.caPem).toBe(hub.caPem);
      expect(again.deviceConnectionString("d1").split(";GatewayHostName")[0]).toBe(
        hub.deviceConnectionString("d1").split(";GatewayHostName")[0],
      );
      // It goes on where it was: c2 is gone, its content is taken back by the evaluation that was still to come.
      again.evaluateNow();
      const { responseBody } = await connectRegistry(again).getTwin("d2");
      expect(responseBody.properties.desired).toMatchObject({ a: { b: 1 } });
      expect(responseBody.properties.desired).not.toHaveProperty("firmware");
    }
    await rm(killed, { recursive: true });
  });

  it("evaluates by itself what it accepted before it ended", async () => {
    const first = await aHub();
    first.createDevice({ deviceId: "d1" });
    await connectRegistry(first).addConfiguration(aConfiguration("c1"));
    await first.close();
    const clock = createManualClock();
    await using again = await aHub({ clock });
    await clock.advance(5000);
    const { responseBody } = await connectRegistry(again).getTwin("d1");
    expect(responseBody.properties.desired).toHaveProperty("firmware");
  });

  it("never gives a place in the order of devices twice", async () => {
    const first = await aHub();
    first.createDevice({ deviceId: "d1" });
    first.createDevice({ deviceId: "d2" });
    await connectRegistry(first).delete("d2");
    first.saveSnapshot("without-d2");
    first.restoreSnapshot("without-d2");
    first.createDevice({ deviceId: "d3" });
    await first.close();
    await using again = await aHub();
    const { responseBody } = await connectRegistry(again).list();
    expect(responseBody.map(({ deviceId }) => deviceId)).toEqual(["d1", "d3"]);
  });

  it("is heard by devices that never subscribe again", { timeout: 60_000 }, async () => {
    const first = await aHub();
    first.createDevice({ deviceId: "d1" });
    const { mqttPort } = first;
    await using device = await connectDevice(first, "d1");
    await first.close();
    await using again = await aHub({ mqttPort });
    const connected = new Promise((resolve) => device.client.once("connect", resolve));
    await connected;
    const next = device.nextDesired();
    await connectRegistry(again).updateTwin("d1", { properties: { desired: { news: 1 } } }, "*");
    expect(await next).toMatchObject({ news: 1 });
    await device.report({ heard: true });
  });

  it("has the messages that devices did not fetch yet, in their order", { timeout: 60_000 }, async () => {
    const first = await aHub();
    first.createDevice({ deviceId: "d1" });
    for (const body of ["one", "two"]) first.sendToDevice("d1", { body: Buffer.from(body) });
    await first.close();
    await using again = await aHub();
    await using device = await connectDevice(again, "d1");
    const got: string[] = [];
    device.client.on("message", (message: Message) => {
      got.push(String(message.data));
      void device.client.complete(message);
    });
    await expect.poll(() => got).toEqual(["one", "two"]);
  });

  it("belongs to one process at a time", async () => {
    await using hub = await aHub();
    await expect(aHub()).rejects.toThrow(/is in use by process \d+: stop that hub or choose another folder/);
    expect(hub.mqttPort).toBeGreaterThan(0);
  });

  it("keeps its keys from other users of the machine", async () => {
    await using hub = await aHub();
    hub.createDevice({ deviceId: "d1" });
    hub.saveSnapshot("now");
    const secret = hub.serviceKey;
    for (const name of await readdir(data, { recursive: true })) {
      const path = join(data, name);
      const { mode } = await stat(path);
      if ((await stat(path)).isDirectory()) continue;
      const isSecret = (await readFile(path, "utf8")).includes(secret) || /picture|journal|key/.test(name);
      if (isSecret) expect([name, mode & 0o077]).toEqual([name, 0]);
    }
  });
});

describe("a snapshot", () => {
  it.each(["in memory", "on disk"])(
    "%s takes the hub back, etags and all, and cuts every device off",
    { timeout: 60_000 },
    async (place) => {
      await using hub = await startHub({
        clock: createManualClock(),
        throttle: "off",
        ...(place === "on disk" ? { data } : {}),
      });
      const registry = connectRegistry(hub);
      await fill(hub);
      const before = await documentsOf(hub);
      hub.saveSnapshot("replica");
      await using device = await connectDevice(hub, "d1");
      await registry.updateTwin("d1", { properties: { desired: { later: true } } }, "*");
      await registry.removeConfiguration("c1");
      hub.evaluateNow();
      const cut = new Promise((resolve) => device.client.once("connect", resolve));
      hub.restoreSnapshot("replica");
      expect(await documentsOf(hub)).toEqual(before);
      // And the device comes back, and hears what is written then.
      await cut;
      // Versions repeat after a fail-over: a device has to read its twin again, as on every connection.
      await device.client.getTwin();
      const next = device.nextDesired();
      await registry.updateTwin("d1", { properties: { desired: { other: 1 } } }, "*");
      expect(await next).toMatchObject({ other: 1 });
    },
  );

  it("that is not there, or has no name for a file, is refused", async () => {
    await using hub = await aHub();
    expect(() => {
      hub.restoreSnapshot("nowhere");
    }).toThrow('there is no snapshot "nowhere"');
    expect(() => {
      hub.saveSnapshot("../../elsewhere");
    }).toThrow(/up to 64 letters, digits/);
  });
});
