import { expect } from "vitest";
import { refusal } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import type { ServiceAnswer } from "./raw-service.ts";
import { TEXT } from "./variable-parts.ts";

function testQueries(hub: HubUnderTest, body: unknown): Promise<ServiceAnswer> {
  return hub.ask("POST /configurations/testQueries", { body });
}

describeArea("configuration checks", (it) => {
  for (const [what, targetCondition, query] of [
    ["devices", "tags.a = 1", "SELECT deviceId FROM devices"],
    ["modules", "from devices.modules where tags.a = 1", "SELECT deviceId FROM devices.modules"],
  ] as const) {
    it(`find nothing wrong with good queries over ${what} [facts 1.8]`, async (hub) => {
      const answer = await testQueries(hub, { targetCondition, customMetricQueries: { good: query } });
      expect(answer.status).toBe(200);
      const { targetConditionError, customMetricQueryErrors } = answer.body as Record<string, unknown>;
      expect(targetConditionError ?? "").toBe("");
      expect(customMetricQueryErrors ?? {}).toEqual({});
    });
  }

  it("answer 200 also for bad ones, with a text for each [facts 1.8]", async (hub) => {
    const customMetricQueries = { good: "SELECT * FROM devices", bad: "SELECT" };
    const answer = await testQueries(hub, { targetCondition: "tags.a IN [1]", customMetricQueries });
    expect(answer).toMatchObject({
      status: 200,
      body: { targetConditionError: TEXT, customMetricQueryErrors: { bad: TEXT } },
    });
    expect(answer.body).not.toMatchObject({ customMetricQueryErrors: { good: TEXT } });
  });

  it("refuse to apply content to a device that is none of IoT Edge, in the service's words [facts 1.2]", async (hub) => {
    const deviceId = await hub.newDevice();
    const content = { deviceContent: { "properties.desired.a": 1 } };
    const refused = await refusal(hub.registry.applyConfigurationContentOnDevice(deviceId, content));
    expect(refused).toMatchObject({ status: 400, code: "InvalidConfigurationContent" });
    expect(refused.message).toContain(
      "The content provided for configuration is invalid. Please check and try again",
    );
  });
});
