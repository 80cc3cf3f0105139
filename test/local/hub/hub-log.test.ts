import { describe, expect, it } from "vitest";
import type { HubLogEntry } from "../../../local/hub/hub.ts";
import { registryWithToken } from "../../support/iot-hub-registry.ts";
import { ask } from "./authorized-request.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal, type HubFixture } from "./hub-fixture.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";

async function aLoggedHub(
  options: Parameters<typeof openHub>[0] = {},
): Promise<{ fixture: HubFixture; entries: HubLogEntry[] }> {
  const entries: HubLogEntry[] = [];
  const fixture = await openHub({ ...options, log: (entry) => entries.push(entry) });
  fixture.hub.createDevice({ deviceId: "d1" });
  return { fixture, entries };
}

const MS = expect.any(Number) as number;
const TRACKING_ID = expect.stringMatching(/^[0-9a-f]{32}-G:0-TimeStamp:01\/01\/2026 00:00:00$/u) as string;

describe("the log", () => {
  it("has an entry for each request, with the tracking id of a refusal as the caller got it", async () => {
    const { fixture, entries } = await aLoggedHub();
    await using hub = fixture.hub;
    await fixture.registry.getTwin("d1");
    const error = await fixture.registry.get("d2").catch((refused: unknown) => refused);
    await ask(hub, "GET /digitaltwins/d1");
    expect(entries).toEqual([
      {
        at: "2026-01-01T00:00:00.000Z",
        event: "request",
        method: "GET",
        route: "/twins/:id",
        call: "twinReads",
        deviceId: "d1",
        status: 200,
        ms: MS,
      },
      {
        at: "2026-01-01T00:00:00.000Z",
        event: "request",
        method: "GET",
        route: "/devices/:id",
        call: "registry",
        deviceId: "d2",
        status: 404,
        code: "DeviceNotFound",
        trackingId: TRACKING_ID,
        ms: MS,
      },
      expect.objectContaining({ event: "request", method: "GET", call: "other", status: 501 }),
    ]);
    // The SDK hangs the body on its errors without declaring it.
    const { responseBody } = error as { responseBody: string };
    const [, second] = entries;
    expect(second?.trackingId).toBeDefined();
    expect(responseBody).toContain(`Tracking ID:${second?.trackingId ?? ""}`);
    expect(hub.calls().total).toBe(3);
  });

  it("has an entry for each connection, its refusal and its end, and for each operation", async () => {
    const { fixture, entries } = await aLoggedHub({ throttle: "strict" });
    await using hub = fixture.hub;
    const raw = await connectRawDevice(hub, "d1");
    raw.send(aPublish("$iothub/twin/GET/?$rid=1"));
    raw.send(aPublish("$iothub/twin/PATCH/properties/reported/?$rid=2", { payload: "no JSON" }));
    await raw.receive("publish");
    const refused = await raw.receive("publish");
    raw.send(aPublish("devices/d1/messages/events/", { payload: "x", messageId: 1 }));
    await raw.receive("puback");
    await raw[Symbol.asyncDispose]();
    const forged = hub.deviceConnectionString("d1").replace(/Key=.{5}/u, "Key=AAAAA");
    await connectDevice(hub, "d1", { connectionString: forged }).catch(() => undefined);
    await expect.poll(() => entries.length).toBe(6);
    const { trackingId } = JSON.parse(String(refused?.payload)) as { trackingId: string };
    const shared = { deviceId: "d1" };
    expect(entries).toEqual(
      [
        { event: "connection", ...shared, outcome: "accepted" },
        { event: "device operation", ...shared, operation: "twinReads", status: 200, ms: MS },
        {
          event: "device operation",
          ...shared,
          operation: "reports",
          status: 400,
          code: "ArgumentInvalid",
          trackingId,
          ms: MS,
        },
        { event: "device operation", ...shared, operation: "messages", status: 204, ms: MS },
        { event: "connection", ...shared, outcome: "closed" },
        { event: "connection", ...shared, outcome: "refused", reason: "credentials" },
      ].map((entry) => ({ at: "2026-01-01T00:00:00.000Z", ...entry })),
    );
  });

  it("tells a connection refused by a fault from one refused by the limit", async () => {
    const { fixture, entries } = await aLoggedHub();
    await using hub = fixture.hub;
    hub.faults.add({ match: { call: "connections" }, kind: "status", status: 429, times: 1 });
    hub.faults.add({ match: { call: "connections" }, kind: "drop before" });
    for (const code of [3, undefined]) {
      await using raw = await connectRawDevice(hub, "d1");
      expect(raw.code).toBe(code);
    }
    expect(entries).toMatchObject([
      { outcome: "refused", reason: "throttled", code: "ThrottlingException", trackingId: TRACKING_ID },
      { outcome: "refused", reason: "fault" },
    ]);
  });

  it("never holds a token, a key, a payload or the text of an error", async () => {
    const { fixture, entries } = await aLoggedHub();
    await using hub = fixture.hub;
    const { registry } = fixture;
    await using device = await connectDevice(hub, "d1");
    await device.report({ secret: "PAYLOAD" });
    await device.report({ "PAYLOAD key": 1 }).catch(() => undefined);
    await registry.updateTwin("d1", { tags: { secret: "PAYLOAD" } }, "*");
    await refusal(registry.updateTwin("d1", { tags: "PAYLOAD" }, "*"));
    await refusal(registry.createQuery("SELECT PAYLOAD").next());
    await registry.addConfiguration(aConfiguration("fw-1", { labels: { secret: "PAYLOAD" } }));
    await registry.create({
      deviceId: "d2",
      authentication: { symmetricKey: { primaryKey: "UEFZTE9BRFBBWUxPQURQQVlMT0FE", secondaryKey: "" } },
    });
    await refusal(registryWithToken(hub, "SharedAccessSignature sr=PAYLOAD&sig=x&se=1").getTwin("d1"));
    const lines = entries.map((entry) => JSON.stringify(entry)).join("\n");
    expect(entries.length).toBeGreaterThan(10);
    expect(lines).not.toMatch(/PAYLOAD|UEFZTE9|SharedAccess|sig=|secret/u);
    expect(lines).not.toContain(hub.serviceKey);
    expect(lines).not.toContain(/SharedAccessKey=([^;]+)/u.exec(hub.deviceConnectionString("d1"))?.[1]);
  });

  it("that fails takes no request with it", async () => {
    await using fixture = await openHub({
      log: () => {
        throw new Error("The disk is full");
      },
    });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    await device.report({ a: 1 });
    expect((await fixture.registry.getTwin("d1")).responseBody.deviceId).toBe("d1");
  });
});
