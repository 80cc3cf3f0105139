import { describe, expect, it } from "vitest";
import { aConfiguration, openHub, refusal, stored } from "./hub-fixture.ts";

const CODE = "InvalidConfigurationTargetCondition";

describe("a target condition", () => {
  it.each([
    ["", "", 0],
    ["  ", "", 0],
    ["*", "select deviceId from devices", 3],
    ["tags.site = 'a'", "select deviceId from devices where tags.site = 'a'", 2],
    [
      "tags.site = 'a' NOT deviceId = 'd1'",
      "select deviceId from devices where tags.site = 'a' NOT deviceId = 'd1'",
      1,
    ],
    [
      "deviceId = 'd1' AND deviceId = 'd2'",
      "select deviceId from devices where deviceId = 'd1' AND deviceId = 'd2'",
      0,
    ],
    ["tags.site != 'a'", "select deviceId from devices where tags.site != 'a'", 0],
    ["NOT IS_DEFINED(tags.site)", "select deviceId from devices where NOT IS_DEFINED(tags.site)", 1],
    ["tags.owner = 'operator''s'", "select deviceId from devices where tags.owner = 'operator''s'", 1],
  ])("%j targets %3$i of three devices", async (targetCondition, query, targeted) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1", tags: { site: "a" } });
    fixture.hub.createDevice({ deviceId: "d2", tags: { site: "a" } });
    fixture.hub.createDevice({ deviceId: "d3", tags: { owner: "operator's" } });
    await fixture.registry.addConfiguration(aConfiguration("fw-1", { targetCondition }));
    fixture.hub.evaluateNow();
    const { systemMetrics } = (await fixture.registry.getConfiguration("fw-1")).responseBody;
    expect(systemMetrics?.queries?.["targetedCount"]).toBe(query);
    expect(systemMetrics?.results?.["targetedCount"]).toBe(targeted);
  });

  it.each([
    ["tags.a IN ['x']", "BadRequest"],
    ["tags.a NIN ['x']", "BadRequest"],
    ['tags.a = "x"', "BadRequest"],
    ["properties.desired.a = 1", "It contains: properties.desired.a"],
    ["connectionState = 'Connected'", "It contains: connectionState"],
    ["tags.a = 1 OR configurations.[[x]].status = 'Applied'", "It contains: configurations.x.status"],
    ["IS_DEFINED(properties.desired.a)", "It contains: properties.desired.a"],
    ["tags.a =", "end of the text"],
    ["tags.a = 1; DROP", 'Unexpected "%3B" at line 1, column 11'],
    ["SELECT * FROM devices", 'Unexpected "SELECT"'],
    [`tags.a = '${"x".repeat(8192)}'`, "the limit is 8192"],
  ])("refuses %j", async (targetCondition, reason) => {
    await using fixture = await openHub();
    const refused = await refusal(
      fixture.registry.addConfiguration(aConfiguration("fw-1", { targetCondition })),
    );
    expect(refused).toMatchObject({ status: 400, code: CODE });
    expect(refused.message).toContain(reason);
  });

  it("is refused in an update as in a create, and the old one stays", async () => {
    await using fixture = await openHub();
    const configuration = await stored(
      fixture.registry.addConfiguration(aConfiguration("fw-1", { targetCondition: "tags.a = 1" })),
    );
    const update = fixture.registry.updateConfiguration({
      ...configuration,
      targetCondition: "status = 'enabled'",
    });
    expect(await refusal(update)).toMatchObject({ status: 400, code: CODE });
    expect((await fixture.registry.getConfiguration("fw-1")).responseBody.targetCondition).toBe("tags.a = 1");
  });
});
