import { ModuleClient, type Twin } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import type iothub from "azure-iothub";
import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { ask } from "./authorized-request.ts";
import { aConfiguration, openHub, refusal, stored, valuesOf } from "./hub-fixture.ts";

/** Microsoft's module client, connected, with its twin. */
async function connectModule(
  hub: LocalHub,
  key: string,
): Promise<AsyncDisposable & { client: ModuleClient; twin: Twin }> {
  const client = ModuleClient.fromConnectionString(hub.deviceConnectionString(key), Mqtt);
  await client.setOptions({ ca: hub.caPem });
  await client.open();
  const twin = await client.getTwin();
  return {
    client,
    twin,
    [Symbol.asyncDispose]: async () => {
      await client.close();
    },
  };
}

describe("module identities", () => {
  it("are created, read, listed, updated and removed, each with an etag of its own", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.createDevice({ deviceId: "d2" });
    // The SDK types the answer as any.
    const module = (await registry.addModule({ deviceId: "d1", moduleId: "m1" }))
      .responseBody as iothub.Module;
    expect(module).toMatchObject({ deviceId: "d1", moduleId: "m1", connectionState: "Disconnected" });
    await registry.addModule({ deviceId: "d1", moduleId: "m2" });
    await registry.addModule({ deviceId: "d2", moduleId: "m1" });
    const { responseBody: modules } = await registry.getModulesOnDevice("d1");
    expect(modules.map(({ moduleId }) => moduleId)).toEqual(["m1", "m2"]);
    await registry.updateModule({ ...module, managedBy: "x" }, true);
    expect(await refusal(registry.updateModule(module))).toMatchObject({ status: 412 });
    await registry.removeModule("d1", "m1");
    expect(await refusal(registry.getModule("d1", "m1"))).toMatchObject({
      status: 404,
      code: "ModuleNotFound",
    });
    expect((await registry.getModule("d2", "m1")).responseBody.deviceId).toBe("d2");
    // Statistics and lists are about devices.
    expect((await registry.list()).responseBody).toHaveLength(2);
  });

  it("are refused with the service's codes: twice, on nobody, by a name that cannot be, the 51st", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    for (let index = 0; index < 50; index++) hub.createDevice({ deviceId: "d1", moduleId: `m${index}` });
    expect(await refusal(registry.addModule({ deviceId: "d1", moduleId: "m1" }))).toMatchObject({
      status: 409,
      code: "ModuleAlreadyExistsOnDevice",
    });
    expect(await refusal(registry.addModule({ deviceId: "d2", moduleId: "m1" }))).toMatchObject({
      status: 404,
      code: "DeviceNotFound",
    });
    expect(await refusal(registry.addModule({ deviceId: "d1", moduleId: "a/b" }))).toMatchObject({
      status: 400,
    });
    expect(await refusal(registry.addModule({ deviceId: "d1", moduleId: "m50" }))).toMatchObject({
      status: 413,
      code: "TooManyModulesOnDevice",
    });
  });

  it.each(["GET", "DELETE"])("are not reached by the address of a device, %s", async (method) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    fixture.hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    const headers = { "If-Match": '"*"' };
    expect(await ask(fixture.hub, `${method} /devices/d1%2Fm1`, { headers })).toMatchObject({ status: 400 });
    const twins = `/twins/d1%2Fm1`;
    expect(await ask(fixture.hub, `GET ${twins}`)).toMatchObject({ status: 400 });
    expect(await ask(fixture.hub, `PATCH ${twins}`, { body: { tags: { a: 1 } } })).toMatchObject({
      status: 400,
    });
    expect((await fixture.registry.getModule("d1", "m1")).responseBody.moduleId).toBe("m1");
  });
});

describe("module twins", () => {
  it("are out of reach for a module whose device is disabled [G]", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    await using module = await connectModule(hub, "d1/m1");
    const gone = new Promise((resolve) => module.client.once("disconnect", resolve));
    module.client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
    await registry.update({ deviceId: "d1", status: "disabled" });
    await gone;
    await expect(connectModule(hub, "d1/m1")).rejects.toThrow();
  });
});

describe("queries over devices.modules", () => {
  it("give the twins of modules, page by page, and none of devices", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "d1", tags: { a: 1 } });
    for (const moduleId of ["m1", "m2", "m3"]) hub.createDevice({ deviceId: "d1", moduleId, tags: { a: 1 } });
    hub.createDevice({ deviceId: "d1", moduleId: "m4" });
    const query = registry.createQuery("SELECT deviceId, moduleId FROM devices.modules WHERE tags.a = 1", 2);
    const rows: unknown[] = [];
    while (query.hasMoreResults) {
      // Without the token the SDK would ask for the first page for ever.
      rows.push(((await query.next(query.continuationToken)) as { result: unknown }).result);
    }
    expect(rows).toEqual([
      [
        { deviceId: "d1", moduleId: "m1" },
        { deviceId: "d1", moduleId: "m2" },
      ],
      [{ deviceId: "d1", moduleId: "m3" }],
    ]);
  });
});

describe("module configurations", () => {
  const moduleConfiguration = (id: string, rest: object = {}): ReturnType<typeof aConfiguration> => ({
    ...aConfiguration(id, { targetCondition: "from devices.modules where moduleId = 'fw'", ...rest }),
    content: { moduleContent: { "properties.desired.version": id } },
  });

  it("write to the modules that their condition names, and count modules", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    for (const deviceId of ["d1", "d2"]) {
      hub.createDevice({ deviceId });
      hub.createDevice({ deviceId, moduleId: "fw" });
      hub.createDevice({ deviceId, moduleId: "other" });
    }
    await registry.addConfiguration(
      moduleConfiguration("c1", {
        metrics: {
          queries: {
            modules: "SELECT deviceId FROM devices.modules WHERE configurations.[[c1]].status = 'Applied'",
            devices: "SELECT deviceId FROM devices",
          },
        },
      }),
    );
    expect(hub.evaluateNow()).toEqual({ devices: 2, writes: 2 });
    const { responseBody: twin } = await registry.getModuleTwin("d1", "fw");
    expect(twin).toMatchObject({ configurations: { c1: { status: "Applied" } } });
    expect(valuesOf(twin.properties.desired)).toEqual({ version: "c1" });
    expect(valuesOf((await registry.getModuleTwin("d1", "other")).responseBody.properties.desired)).toEqual(
      {},
    );
    expect(valuesOf((await registry.getTwin("d1")).responseBody.properties.desired)).toEqual({});
    expect((await registry.getConfiguration("c1")).responseBody).toMatchObject({
      systemMetrics: {
        results: { targetedCount: 2, appliedCount: 2 },
        queries: { targetedCount: "select deviceId from devices.modules where moduleId = 'fw'" },
      },
      metrics: { results: { modules: 2, devices: 2 } },
    });
    await registry.removeConfiguration("c1");
    hub.evaluateNow();
    expect(valuesOf((await registry.getModuleTwin("d1", "fw")).responseBody.properties.desired)).toEqual({});
  });

  it("stand beside device configurations, by priority among themselves alone", async () => {
    await using fixture = await openHub();
    const { registry, hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.createDevice({ deviceId: "d1", moduleId: "fw" });
    await registry.addConfiguration(aConfiguration("device", { priority: 99 }));
    await registry.addConfiguration(moduleConfiguration("low", { priority: 1 }));
    const high = await stored(registry.addConfiguration(moduleConfiguration("high", { priority: 2 })));
    hub.evaluateNow();
    const version = async (): Promise<unknown> =>
      valuesOf((await registry.getModuleTwin("d1", "fw")).responseBody.properties.desired);
    expect(await version()).toEqual({ version: "high" });
    await registry.updateConfiguration({ ...high, targetCondition: "" });
    hub.evaluateNow();
    expect(await version()).toEqual({ version: "low" });
  });

  it.each([
    ["a condition of devices", { targetCondition: "tags.a = 1" }],
    ["*", { targetCondition: "*" }],
    ["desired properties", { targetCondition: "from devices.modules where properties.desired.a = 1" }],
  ])("are refused with %s", async (_case, change) => {
    await using fixture = await openHub();
    expect(await refusal(fixture.registry.addConfiguration(moduleConfiguration("c1", change)))).toMatchObject(
      {
        status: 400,
        code: "InvalidConfigurationTargetCondition",
      },
    );
  });

  it("keep their kind: an update cannot give them a condition of devices", async () => {
    await using fixture = await openHub();
    const written = await stored(fixture.registry.addConfiguration(moduleConfiguration("c1")));
    const update = { ...written, targetCondition: "tags.a = 1" };
    Reflect.deleteProperty(update, "content");
    expect(await refusal(fixture.registry.updateConfiguration(update))).toMatchObject({
      status: 400,
      code: "InvalidConfigurationTargetCondition",
    });
  });

  it("exclude deviceContent [facts 1.2]", async () => {
    await using fixture = await openHub();
    const both = { ...moduleConfiguration("c1").content, ...aConfiguration("c1").content };
    expect(
      await refusal(fixture.registry.addConfiguration({ ...moduleConfiguration("c1"), content: both })),
    ).toMatchObject({ status: 400, code: "InvalidConfigurationContent" });
  });
});
