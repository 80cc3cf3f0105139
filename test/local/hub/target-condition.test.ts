import { describe, expect, it } from "vitest";
import {
  compileModuleTargetCondition,
  compileTargetCondition,
} from "../../../local/hub/query/target-condition.ts";
import { aConfiguration, openHub, refusal, stored } from "./hub-fixture.ts";
import { aDevice } from "./query-device.ts";

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
    ["tags.a =", "end of the text at line 1, column 9"],
    ["tags.a = 1; DROP", 'Unexpected "%3B" at line 1, column 11'],
    ["SELECT * FROM devices", 'Unexpected "SELECT"'],
    ["tags.a + 1 = 2", "BadRequest: arithmetic at line 1, column 8"],
    ["tags.a = -tags.b", "BadRequest: arithmetic"],
    ["IS_NULL(tags.a)", "Unknown function IS_NULL at line 1, column 1"],
    ["COUNT() > 1", "Misplaced aggregate COUNT"],
    ["moduleId = 'm'", "It contains: moduleId"],
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

describe("a target condition, compiled", () => {
  it("takes arithmetic where the hub is not strict [G]", () => {
    const { isTarget } = compileTargetCondition("tags.a + 1 = 2", { strictQuery: false });
    expect(isTarget(aDevice({ tags: { a: 1 } }))).toBe(true);
    expect(() => compileTargetCondition("tags.a + status = 2", { strictQuery: false })).toThrow(
      "It contains: status",
    );
  });

  it("of a module configuration starts from devices.modules and may name the module", () => {
    const { isTarget, query, collection, reads } = compileModuleTargetCondition(
      "FROM devices.modules WHERE moduleId = 'm' AND tags.a = 1",
    );
    expect({ query, collection, reads: [...reads] }).toEqual({
      query: "select deviceId from devices.modules where moduleId = 'm' AND tags.a = 1",
      collection: "devices.modules",
      reads: ["tags"],
    });
    const device = aDevice({ tags: { a: 1 } });
    expect([{ ...device, moduleId: "m" }, { ...device, moduleId: "n" }, device].map(isTarget)).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(compileModuleTargetCondition("").query).toBe("");
    expect(() => compileModuleTargetCondition("from devices.modules where 1 = 1 1")).toThrow(
      "line 1, column 34",
    );
    for (const text of [
      "*",
      "tags.a = 1",
      "from devices where tags.a = 1",
      "from devices.modules",
      "from devices.modules where status = 'x'",
    ])
      expect(() => compileModuleTargetCondition(text)).toThrow(/targetCondition/u);
  });
});
