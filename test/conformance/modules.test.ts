import { ModuleClient } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import type iothub from "azure-iothub";
import { expect } from "vitest";
import { refusal, valuesOf } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import { common, ETAG, KEY, NEVER, TEXT } from "./variable-parts.ts";

describeArea("modules", (it) => {
  it("have identities of their own on their device [facts 2.6]", async (hub) => {
    const deviceId = await hub.newDevice();
    // The SDK types the answer as any.
    const module = (await hub.registry.addModule({ deviceId, moduleId: "m1" })).responseBody as iothub.Module;
    expect(common(module)).toMatchObject({
      deviceId,
      moduleId: "m1",
      generationId: TEXT,
      etag: ETAG,
      connectionState: "Disconnected",
      connectionStateUpdatedTime: NEVER,
      lastActivityTime: NEVER,
      cloudToDeviceMessageCount: 0,
      authentication: { symmetricKey: { primaryKey: KEY, secondaryKey: KEY }, type: "sas" },
    });
    await hub.registry.addModule({ deviceId, moduleId: "m2" });
    const { responseBody: modules } = await hub.registry.getModulesOnDevice(deviceId);
    expect(modules.map(({ moduleId }) => moduleId).toSorted()).toEqual(["m1", "m2"]);
  });

  it("are updated by etag and removed one by one", async (hub) => {
    const deviceId = await hub.newDevice();
    const module = (await hub.registry.addModule({ deviceId, moduleId: "m1" })).responseBody as iothub.Module;
    await hub.registry.updateModule({ ...module, managedBy: "x" }, true);
    expect(await refusal(hub.registry.updateModule(module))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
    });
    await hub.registry.removeModule(deviceId, "m1");
    expect(await refusal(hub.registry.getModule(deviceId, "m1"))).toMatchObject({
      status: 404,
      code: "ModuleNotFound",
    });
    expect((await hub.registry.get(deviceId)).responseBody.deviceId).toBe(deviceId);
  });

  it("exist once on a device that there is", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    expect(await refusal(hub.registry.addModule({ deviceId, moduleId: "m1" }))).toMatchObject({
      status: 409,
      code: "ModuleAlreadyExistsOnDevice",
    });
    const stray = { deviceId: hub.newId(), moduleId: "m1" };
    expect(await refusal(hub.registry.addModule(stray))).toMatchObject({
      status: 404,
      code: "DeviceNotFound",
    });
  });

  it("go with their device", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    await hub.registry.delete(deviceId);
    expect(await refusal(hub.registry.getModule(deviceId, "m1"))).toMatchObject({ status: 404 });
  });

  it("have twins apart from their device's, with both ids in the document", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    const { responseBody: twin } = await hub.registry.getModuleTwin(deviceId, "m1");
    expect(twin).toMatchObject({ deviceId, moduleId: "m1", properties: { desired: { $version: 1 } } });
    const patch = { tags: { a: 1 }, properties: { desired: { b: 2 } } };
    await hub.registry.updateModuleTwin(deviceId, "m1", patch, twin.etag);
    expect(
      await refusal(hub.registry.updateModuleTwin(deviceId, "m1", { tags: {} }, twin.etag)),
    ).toMatchObject({ status: 412, kind: "InvalidEtagError" });
    const { responseBody: after } = await hub.registry.getModuleTwin(deviceId, "m1");
    expect({ tags: after.tags, desired: valuesOf(after.properties.desired) }).toEqual({
      tags: { a: 1 },
      desired: { b: 2 },
    });
    expect((await hub.registry.getTwin(deviceId)).responseBody.tags).toEqual({});
  });

  it("are found by queries over devices.modules, and not over devices", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    await hub.eventually(async () => {
      const modules = hub.registry.createQuery(
        `SELECT deviceId, moduleId FROM devices.modules WHERE deviceId = '${deviceId}' AND moduleId = 'm1'`,
      );
      expect((await modules.next()).result).toEqual([{ deviceId, moduleId: "m1" }]);
      const devices = hub.registry.createQuery(`SELECT COUNT() AS n FROM devices WHERE ${where}`);
      expect((await devices.next()).result).toEqual([{ n: 1 }]);
    });
  });

  it("connect by Microsoft's SDK beside their device, and report and hear for themselves", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    const client = ModuleClient.fromConnectionString(await hub.connectionStringOf(deviceId, "m1"), Mqtt);
    if (hub.caPem !== undefined) await client.setOptions({ ca: hub.caPem });
    await client.open();
    try {
      await using device = await hub.connect(deviceId);
      const twin = await client.getTwin();
      const heard = new Promise((resolve) => twin.on("properties.desired.mine", resolve));
      await client.getTwin(); // answered after the subscription
      const patch = { properties: { desired: { mine: 1 } } };
      await hub.registry.updateModuleTwin(deviceId, "m1", patch, "*");
      expect(await heard).toBe(1);
      expect(device.twin.properties.desired).not.toHaveProperty("mine");
      await hub.eventually(async () => {
        expect((await hub.registry.getModule(deviceId, "m1")).responseBody.connectionState).toBe("Connected");
      });
    } finally {
      await client.close();
    }
  });

  it("have configurations that write to the modules their condition names", async (hub) => {
    const { ids } = await hub.newFlock({}, {});
    const id = hub.newConfigurationId();
    for (const deviceId of ids) {
      await hub.registry.addModule({ deviceId, moduleId: `fw-${id}` });
      await hub.registry.addModule({ deviceId, moduleId: "other" });
    }
    const [first = ""] = ids;
    await hub.registry.addConfiguration({
      id,
      schemaVersion: "2.0",
      content: { moduleContent: { "properties.desired.version": "1" } },
      targetCondition: `from devices.modules where moduleId = 'fw-${id}'`,
      priority: 1,
    });
    await hub.evaluated(async () => {
      const { responseBody: twin } = await hub.registry.getModuleTwin(first, `fw-${id}`);
      expect(twin).toMatchObject({ configurations: { [id]: { status: "Applied" } } });
      expect(valuesOf(twin.properties.desired)).toEqual({ version: "1" });
      expect((await hub.registry.getConfiguration(id)).responseBody.systemMetrics).toEqual({
        results: { targetedCount: 2, appliedCount: 2 },
        queries: {
          targetedCount: `select deviceId from devices.modules where moduleId = 'fw-${id}'`,
          appliedCount: `select deviceId from devices.modules where configurations.[[${id}]].status = 'Applied'`,
        },
      });
    });
    const { responseBody: other } = await hub.registry.getModuleTwin(first, "other");
    expect(valuesOf(other.properties.desired)).toEqual({});
  });

  it("may not be all the target of a configuration", async (hub) => {
    const configuration = {
      id: hub.newConfigurationId(),
      schemaVersion: "2.0",
      content: { moduleContent: { "properties.desired.version": "1" } },
      targetCondition: "*",
      priority: 1,
    };
    expect(await refusal(hub.registry.addConfiguration(configuration))).toMatchObject({
      status: 400,
      code: "InvalidConfigurationTargetCondition",
    });
  });
});
