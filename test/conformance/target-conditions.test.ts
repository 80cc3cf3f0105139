import { expect } from "vitest";
import { refusal, stored } from "../support/service-answer.ts";
import { aConfiguration } from "./a-configuration.ts";
import { describeArea } from "./area.ts";

const BASED_ON =
  "Invalid targetCondition. It must be a filter condition based on 'deviceId', 'tags', or 'properties.reported'. It contains: ";

describeArea("target conditions", (it) => {
  // None of them may be met by the device of anybody.
  for (const condition of [
    "tags.a = 1",
    "tags.a = '1' OR tags.b != 2",
    "tags.a <> 1 AND tags.b > 1",
    "(tags.a >= 1 OR tags.b <= 2) AND tags.c < 3",
    "NOT tags.a = 1",
    "properties.reported.a.b = 'x'",
    "IS_DEFINED(tags.a)",
    "tags.name = 'operator''sDevice'",
    "deviceId = 'a' AND deviceId = 'b'",
    "tags.a = 1 AND tags.b = 2 NOT deviceId = 'c'",
  ]) {
    it(`take ${condition} [facts 1.5]`, async (hub) => {
      const id = hub.newConfigurationId();
      const targetCondition = `deviceId = '${hub.run}-none' AND (${condition})`;
      const created = await stored(hub.registry.addConfiguration(aConfiguration(id, { targetCondition })));
      expect(created.targetCondition).toBe(targetCondition);
      expect(created.systemMetrics?.queries).toMatchObject({
        targetedCount: `select deviceId from devices where ${targetCondition}`,
      });
    });
  }

  for (const [condition, token] of [
    ["properties.desired.a = 1", "properties.desired"],
    ["status = 'enabled'", "status"],
    ["connectionState = 'Connected'", "connectionState"],
  ] as const) {
    it(`refuse ${condition} in the service's words [facts 1.5]`, async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId(), { targetCondition: condition });
      const refused = await refusal(hub.registry.addConfiguration(configuration));
      expect(refused).toMatchObject({
        status: 400,
        code: "InvalidConfigurationTargetCondition",
        kind: "ArgumentError",
      });
      expect(refused.message).toContain(BASED_ON);
      expect(refused.message.slice(refused.message.indexOf(BASED_ON) + BASED_ON.length)).toContain(token);
    });
  }

  for (const condition of [
    "tags.a IN [1, 2]",
    'tags.a = "double"',
    "tags.a =",
    "SELECT * FROM devices",
    "from devices.modules where moduleId = 'a'",
  ]) {
    it(`refuse ${condition} [facts 1.5]`, async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId(), { targetCondition: condition });
      expect(await refusal(hub.registry.addConfiguration(configuration))).toMatchObject({
        status: 400,
        code: "InvalidConfigurationTargetCondition",
      });
    });
  }

  it("refuse arithmetic [G]", async (hub) => {
    const targetCondition = `deviceId = '${hub.run}-none' AND tags.a + 1 = 2`;
    const configuration = aConfiguration(hub.newConfigurationId(), { targetCondition });
    expect(await refusal(hub.registry.addConfiguration(configuration))).toMatchObject({ status: 400 });
  });

  it("are refused in an update as in a creation, and the old one stays", async (hub) => {
    const id = hub.newConfigurationId();
    const targetCondition = `deviceId = '${hub.run}-none'`;
    const created = await stored(hub.registry.addConfiguration(aConfiguration(id, { targetCondition })));
    const update = { ...created, targetCondition: "tags.a IN [1]" };
    expect(await refusal(hub.registry.updateConfiguration(update))).toMatchObject({
      status: 400,
      code: "InvalidConfigurationTargetCondition",
    });
    expect((await hub.registry.getConfiguration(id)).responseBody).toMatchObject({
      targetCondition,
      etag: created.etag,
    });
  });
});
