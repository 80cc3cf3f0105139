import { describe, expect, it } from "vitest";
import { ask } from "./authorized-request.ts";
import { connectDevice } from "./device-client.ts";
import { openHub, refusal } from "./hub-fixture.ts";

describe("POST /configurations/testQueries", () => {
  it.each([
    ["devices", "tags.a = 1", "SELECT deviceId FROM devices"],
    ["modules", "from devices.modules where tags.a = 1", "SELECT deviceId FROM devices.modules"],
  ])("says nothing of good queries over %s", async (_case, targetCondition, query) => {
    await using fixture = await openHub();
    const body = { targetCondition, customMetricQueries: { good: query } };
    expect(await ask(fixture.hub, "POST /configurations/testQueries", { body })).toMatchObject({
      status: 200,
      body: { targetConditionError: null, customMetricQueryErrors: {} },
    });
  });

  it("answers 200 also when they are wrong, with what a creation would be refused with [facts 1.8]", async () => {
    await using fixture = await openHub();
    const customMetricQueries = {
      good: "SELECT * FROM devices",
      bad: "SELECT",
      odd: "SELECT * FROM nothing",
    };
    const body = { targetCondition: "tags.a IN [1]", customMetricQueries };
    const answer = await ask(fixture.hub, "POST /configurations/testQueries", { body });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      targetConditionError: expect.stringContaining("IN at line 1") as string,
      customMetricQueryErrors: {
        bad: expect.stringContaining("Unexpected end") as string,
        odd: expect.stringContaining("Unknown collection nothing") as string,
      },
    });
    expect(await ask(fixture.hub, "POST /configurations/testQueries", { body: "[]" })).toMatchObject({
      status: 400,
    });
  });
});

describe("POST /devices/{id}/applyConfigurationContent", () => {
  it("is refused for a device that is none of IoT Edge, in the service's words [facts 1.2]", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const content = { deviceContent: { "properties.desired.a": 1 } };
    const refused = await refusal(fixture.registry.applyConfigurationContentOnDevice("d1", content));
    expect(refused).toMatchObject({ status: 400, code: "InvalidConfigurationContent" });
    expect(refused.message).toContain(
      "The content provided for configuration is invalid. Please check and try again",
    );
    expect(await refusal(fixture.registry.applyConfigurationContentOnDevice("d2", content))).toMatchObject({
      status: 404,
    });
  });
});

describe("statistics", () => {
  it("count devices, and those that are connected", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    fixture.hub.createDevice({ deviceId: "d2" });
    await using device = await connectDevice(fixture.hub, "d1");
    expect(device.twin).toBeDefined();
    expect((await ask(fixture.hub, "GET /statistics/service")).body).toEqual({ connectedDeviceCount: 1 });
    expect((await fixture.registry.getRegistryStatistics()).responseBody).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 2,
      disabledDeviceCount: 0,
    });
  });
});
