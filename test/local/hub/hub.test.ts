import { describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../../local/hub/certificates.ts";
import { startHub } from "../../../local/hub/hub.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";

describe("two hubs in one process", () => {
  it("share nothing but the machine", async () => {
    await using one = await openHub({ name: "one" });
    await using other = await openHub({ name: "other" });
    for (const { hub } of [one, other]) hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(one.hub, "d1");
    await device.report({ of: "one" });
    await one.registry.addConfiguration(aConfiguration("fw-1"));
    expect((await other.registry.getTwin("d1")).responseBody.properties.reported).not.toHaveProperty("of");
    expect((await other.registry.getConfigurations()).responseBody).toEqual([]);
    expect((await other.registry.get("d1")).responseBody.connectionState).toBe("Disconnected");
  });

  it("take only their own keys and trust only their own authority", async () => {
    await using one = await openHub({ name: "one" });
    await using other = await openHub({ name: "other" });
    for (const { hub } of [one, other]) hub.createDevice({ deviceId: "d1" });
    const { hostName, httpsPort, caPem } = other.hub;
    expect(
      await refusal(
        connectRegistry({ hostName, httpsPort, caPem, serviceKey: one.hub.serviceKey }).get("d1"),
      ),
    ).toMatchObject({ status: 401 });
    await expect(connectRegistry({ ...other.hub, caPem: one.hub.caPem }).get("d1")).rejects.toThrow(
      /verify|issuer|signature/u,
    );
    const strayed = one.hub
      .deviceConnectionString("d1")
      .replace(String(one.hub.mqttPort), String(other.hub.mqttPort));
    await expect(
      connectDevice(other.hub, "d1", { connectionString: strayed, retries: false }),
    ).rejects.toThrow(/Not authorized/u);
  });

  it("may share an authority, so that one certificate is to be trusted", async () => {
    const certificate = await createCertificateAuthority();
    await using one = await openHub({ certificate });
    await using other = await openHub({ certificate });
    expect([one.hub.caPem, other.hub.caPem]).toEqual([certificate.certPem, certificate.certPem]);
    for (const { registry } of [one, other]) expect((await registry.list()).responseBody).toEqual([]);
  });
});

describe("a hub", () => {
  it("tells how it is reached in the forms the SDKs read", async () => {
    await using fixture = await openHub({ name: "mine" });
    const { hub } = fixture;
    const key = "[A-Za-z0-9+/]{43}=";
    expect(hub.serviceConnectionString).toMatch(
      new RegExp(
        `^HostName=localhost:${hub.httpsPort};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}$`,
        "u",
      ),
    );
    expect(hub.createDevice({ deviceId: "d1" })).toBe(hub.deviceConnectionString("d1"));
    expect(hub.deviceConnectionString("d1")).toMatch(
      new RegExp(
        `^HostName=mine.azure-devices.net;DeviceId=d1;SharedAccessKey=${key};GatewayHostName=localhost:${hub.mqttPort}$`,
        "u",
      ),
    );
    expect(() => hub.deviceConnectionString("d2")).toThrow(/d2 not registered/u);
  });

  it("counts what is asked of it, the fleet apart from the callers", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    const before = fixture.hub.calls();
    await fixture.registry.getTwin("d1");
    await fixture.registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    await fixture.registry.createQuery("SELECT * FROM devices").next();
    await fixture.registry.getConfigurations();
    await refusal(fixture.registry.get("d2"));
    await device.report({ a: 1 });
    expect(before.total).toBe(0);
    expect(fixture.hub.calls()).toEqual({
      registry: 1,
      twinReads: 1,
      twinWrites: 1,
      queries: 1,
      configurations: 1,
      directMethods: 0,
      cloudToDevice: 0,
      jobs: 0,
      other: 0,
      total: 5,
      throttled: 0,
      throttledBy: {},
      answers: {
        registry: { 404: 1 },
        twinReads: { 200: 1 },
        twinWrites: { 200: 1 },
        queries: { 200: 1 },
        configurations: { 200: 1 },
      },
      devices: {
        connections: 1,
        twinReads: before.devices.twinReads,
        reports: 1,
        desiredPatches: 1,
        messages: 0,
        methods: 0,
        mail: 0,
      },
      deviceAnswers: {
        connections: { 200: 1 },
        twinReads: { 200: before.devices.twinReads },
        reports: { 204: 1 },
      },
    });
  });

  it("closes with devices connected, twice if asked, and frees its ports and its clockwork", async () => {
    const fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const device = await connectDevice(fixture.hub, "d1", { retries: false });
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    await fixture.hub.close();
    await fixture.hub.close();
    await expect(connectRegistry(fixture.hub).list()).rejects.toThrow(/ECONNREFUSED/u);
    await fixture.clock.advance(3_600_000);
    await device.client.close();
  });

  it("runs on real time when it is given no clock", async () => {
    await using hub = await startHub({ firstRunDelayMs: 1 });
    hub.createDevice({ deviceId: "d1" });
    const registry = connectRegistry(hub);
    await registry.addConfiguration(aConfiguration("fw-1"));
    await expect
      .poll(async () => (await registry.getConfiguration("fw-1")).responseBody.systemMetrics?.results)
      .toEqual({ targetedCount: 1, appliedCount: 1 });
  });
});
