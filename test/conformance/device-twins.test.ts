import { expect } from "vitest";
import { told } from "../support/device-client.ts";
import { aConfiguration } from "./a-configuration.ts";
import { describeArea } from "./area.ts";

for (const transport of ["Mqtt", "MqttWs"] as const) {
  describeArea(`devices on Microsoft's SDK over ${transport}`, (it) => {
    it("read their twin, without tags, metadata or configurations [facts 5.2]", async (hub) => {
      const deviceId = await hub.newDevice({ secret: 1 });
      await hub.registry.updateTwin(deviceId, { properties: { desired: { interval: 30 } } }, "*");
      await using device = await hub.connect(deviceId, { transport });
      expect(device.twin.properties.desired).toEqual({ interval: 30, $version: 2 });
      expect(JSON.stringify(device.twin.properties)).not.toMatch(/secret|metadata/u);
    });

    it("hear desired patches with their version, and lose what is set to null", async (hub) => {
      const deviceId = await hub.newDevice();
      await hub.registry.updateTwin(deviceId, { properties: { desired: { a: 1, b: 2 } } }, "*");
      await using device = await hub.connect(deviceId, { transport });
      const heard = device.nextDesired();
      await hub.registry.updateTwin(deviceId, { properties: { desired: { a: null, c: 3 } } }, "*");
      // The SDK takes nulls out of what it tells.
      expect(await heard).toMatchObject({ c: 3, $version: 3 });
      expect(device.twin.properties.desired).toEqual({ b: 2, c: 3, $version: 3 });
    });

    it("report, merged and versioned", async (hub) => {
      const deviceId = await hub.newDevice();
      await using device = await hub.connect(deviceId, { transport });
      await device.report({ firmware: { status: "current", old: 1 } });
      await device.report({ firmware: { old: null, version: "2" } });
      const { reported } = (await hub.registry.getTwin(deviceId)).responseBody.properties;
      expect(reported).toMatchObject({ firmware: { status: "current", version: "2" }, $version: 3 });
      expect(reported["firmware"]).not.toHaveProperty("old");
    });

    for (const [what, patch] of [
      ["a key with a blank", { "bad key": 1 }],
      ["a value over 4 KB", { big: "x".repeat(5000) }],
    ] as const) {
      it(`are told when a report is refused: ${what} [facts 5.2]`, async (hub) => {
        const deviceId = await hub.newDevice();
        await using device = await hub.connect(deviceId, { transport });
        await expect(device.report(patch)).rejects.toThrow();
        expect((await hub.registry.getTwin(deviceId)).responseBody.properties.reported["$version"]).toBe(1);
      });
    }

    it("are Connected while they are, and leave a time of activity", async (hub) => {
      const deviceId = await hub.newDevice();
      const identity = async (): Promise<{ connectionState?: string; lastActivityTime?: string }> =>
        (await hub.registry.get(deviceId)).responseBody;
      expect((await identity()).connectionState).toBe("Disconnected");
      const device = await hub.connect(deviceId, { transport });
      await hub.eventually(async () => {
        expect((await identity()).connectionState).toBe("Connected");
      });
      await device.report({ a: 1 });
      await device.client.close();
      await hub.eventually(async () => {
        const { connectionState, lastActivityTime } = await identity();
        expect(connectionState).toBe("Disconnected");
        expect(lastActivityTime).not.toMatch(/^0001/u);
      });
    });

    it("come back by themselves and hear patches without subscribing again [facts 5.1]", async (hub) => {
      const deviceId = await hub.newDevice();
      await using device = await hub.connect(deviceId, { transport });
      const reconnected = told(device.client, "connect");
      // A second connection of the same device cuts the first.
      await using other = await hub.connectRaw(deviceId);
      expect(other.code).toBe(0);
      await reconnected;
      expect(await other.isCut()).toBe(true);
      const heard = device.nextDesired();
      await hub.registry.updateTwin(deviceId, { properties: { desired: { again: true } } }, "*");
      expect(await heard).toEqual({ again: true, $version: 2 });
      await device.report({ still: "here" });
    });

    it("find what changed while they were away when they read their twin again", async (hub) => {
      const { ids, where } = await hub.newFlock({});
      const [deviceId = ""] = ids;
      await (await hub.connect(deviceId, { transport })).client.close();
      const id = hub.newConfigurationId();
      await hub.registry.addConfiguration(aConfiguration(id, { targetCondition: where }));
      await hub.evaluated(async () => {
        await using device = await hub.connect(deviceId, { transport });
        expect(device.twin.properties.desired).toEqual({ firmware: { version: id }, $version: 2 });
      });
    });

    it("lose their connection to a second one of the same id [facts 5.1]", async (hub) => {
      const deviceId = await hub.newDevice();
      await using first = await hub.connect(deviceId, { transport, retries: false });
      const gone = told(first.client, "disconnect");
      await using second = await hub.connect(deviceId, { transport });
      await gone;
      await second.report({ who: "second" });
    });

    it("are cut when they are disabled, refused while they are, and welcome again after [facts 2.4]", async (hub) => {
      const deviceId = await hub.newDevice();
      await using device = await hub.connect(deviceId, { transport, retries: false });
      const connectionString = await hub.connectionStringOf(deviceId);
      const gone = told(device.client, "disconnect");
      const { authentication } = (await hub.registry.get(deviceId)).responseBody;
      await hub.registry.update({ deviceId, authentication, status: "disabled" });
      await gone;
      const again = { transport, retries: false, connectionString };
      await expect(hub.connect(deviceId, again)).rejects.toThrow(/Not authorized/u);
      await hub.registry.update({ deviceId, authentication, status: "enabled" });
      await hub.eventually(async () => {
        await using back = await hub.connect(deviceId, again);
        await back.report({ back: true });
      });
    });
  });
}
