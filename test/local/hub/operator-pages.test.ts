import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";

/** A page as somebody without a token gets it. */
async function page(
  hub: LocalHub,
  path: string,
  method = "GET",
): Promise<{ status: number | undefined; type: string | undefined; text: string }> {
  const call = request({
    host: "localhost",
    port: hub.httpsPort,
    ca: hub.caPem,
    agent: false,
    path,
    method,
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject).end();
  });
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    text: await text(response),
  };
}

/** The samples of a page of metrics. */
async function samples(hub: LocalHub): Promise<readonly string[]> {
  return (await page(hub, "/metrics")).text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

describe("the health page", () => {
  it("is 200 while the hub serves, asks for no token and counts nowhere", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await page(fixture.hub, "/healthz")).toEqual({
      status: 200,
      type: "application/json; charset=utf-8",
      text: '{"status":"ok","devices":1,"connected":0}',
    });
    expect(fixture.hub.calls()).toMatchObject({ total: 0, answers: {} });
  });

  it("is spared by faults and the limits", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    fixture.hub.faults.add({ match: {}, kind: "drop before" });
    for (let index = 0; index < 150; index++) expect((await page(fixture.hub, "/healthz")).status).toBe(200);
  });

  it("is for reading only", async () => {
    await using fixture = await openHub();
    expect((await page(fixture.hub, "/healthz", "PUT")).status).toBe(401);
  });
});

describe("the metrics page", () => {
  it("tells in Prometheus' format what the hub did", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const { hub, registry } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await using device = await connectDevice(hub, "d1");
    await device.report({ a: 1 });
    await registry.updateTwin("d1", { tags: { a: 1 } }, "*");
    await registry.addConfiguration(aConfiguration("fw-1"));
    for (let index = 0; index < 19; index++) await registry.getConfigurations();
    await refusal(registry.getConfigurations());
    hub.evaluateNow();
    await refusal(registry.getTwin("d3"));
    hub.sendToDevice("d2", { body: Buffer.from("hello") });
    const { type } = await page(hub, "/metrics");
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    const found = await samples(hub);
    for (const sample of [
      'local_hub_calls_total{class="twinWrites",status="200"} 1',
      'local_hub_calls_total{class="configurations",status="200"} 20',
      'local_hub_calls_total{class="configurations",status="429"} 1',
      'local_hub_calls_total{class="twinReads",status="404"} 1',
      'local_hub_device_operations_total{class="connections",status="200"} 1',
      'local_hub_device_operations_total{class="reports",status="204"} 1',
      'local_hub_throttled_total{class="configurations"} 1',
      'local_hub_twin_writes_total{by="service"} 1',
      'local_hub_twin_writes_total{by="device"} 1',
      'local_hub_twin_writes_total{by="configuration"} 2',
      'local_hub_messages_to_devices_total{outcome="enqueued"} 1',
      'local_hub_messages_to_devices_total{outcome="completed"} 0',
      "local_hub_devices 2",
      "local_hub_connected_devices 1",
      "local_hub_evaluation_seconds_count 1",
      `local_hub_quota_used_messages ${hub.quota().used}`,
      "local_hub_quota_limit_messages 400000",
    ]) {
      expect(found).toContain(sample);
    }
    // Asking changes nothing.
    expect((await samples(hub)).filter((line) => !line.includes("seconds"))).toEqual(
      found.filter((line) => !line.includes("seconds")),
    );
  });

  it("is each hub's own", async () => {
    await using one = await openHub();
    await using two = await openHub();
    one.hub.createDevice({ deviceId: "d1" });
    expect(await samples(one.hub)).toContain("local_hub_devices 1");
    expect(await samples(two.hub)).toContain("local_hub_devices 0");
  });
});
