import { describe, expect, it } from "vitest";
import { ownCalls } from "../../../rollout/plan/own-calls.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld } from "../../support/world.ts";

const MINUTE = 60_000;
/** Seven days are 10,080 minutes: 201,600 queries of one S1 unit, and 2,016 looks of five minutes. */
const SEVEN_DAYS = { hubs: 1, lookEveryMs: 5 * MINUTE, days: 7, waves: 4, tier: "S1", units: 1 } as const;

describe("our own calls", () => {
  it("of four waves over seven days, two GROUP BY keys: 3 a look, 2.1% of the queries at most", () => {
    const calls = ownCalls({ ...SEVEN_DAYS, groupByKeys: 2 });
    expect(calls).toMatchObject({ callsPerLook: 3, looks: 2_016, writes: 13 });
    // 2,016 x 2 queries and four targeted counts.
    expect(calls.queryShare).toBeCloseTo(4_036 / 201_600, 12);
    expect(calls.queryShare).toBeLessThanOrEqual(0.021);
    // 2,016 listings, and for each of 13 writes itself and the listing after it.
    expect(calls.configurationShare).toBeCloseTo(2_042 / 201_600, 12);
    expect(calls.calls).toBe(4_036 + 2_042);
    expect(calls.writes).toBeLessThanOrEqual(20);
  });

  it("with one GROUP BY key: 7 a look, 6.1% at most", () => {
    const calls = ownCalls({ ...SEVEN_DAYS, groupByKeys: 1 });
    expect(calls.callsPerLook).toBe(7);
    // 2,016 x 6 and four.
    expect(calls.queryShare).toBeCloseTo(12_100 / 201_600, 12);
    expect(calls.queryShare).toBeLessThanOrEqual(0.061);
  });

  it("are messages of the day too: a seventh of a percent on S1, over 40% on the free tier", () => {
    // 4,036 queries of one message, of 2,800,000 in seven days.
    expect(ownCalls({ ...SEVEN_DAYS, groupByKeys: 2 }).quotaShare).toBeCloseTo(4_036 / 2_800_000, 12);
    // 12,100 queries of two messages of 0.5 KB, of 56,000 in seven days.
    const free = ownCalls({ ...SEVEN_DAYS, groupByKeys: 1, tier: "F1" });
    expect(free.quotaShare).toBeCloseTo(24_200 / 56_000, 12);
    // 5,000 bytes are ten such messages: more than there are.
    expect(
      ownCalls({ ...SEVEN_DAYS, groupByKeys: 1, tier: "F1", resultBytes: 5_000 }).quotaShare,
    ).toBeGreaterThan(1);
  });

  it.each([
    // what differs, query share, configuration share, calls
    ["ten units", { units: 10 }, 4_036 / 2_016_000, 2_042 / 2_016_000, 6_078],
    ["S3, which takes 1,000 queries a minute", { tier: "S3" }, 4_036 / 10_080_000, 2_042 / 201_600, 6_078],
    // Fifteen renewals: a create and a delete each, with a listing for either.
    ["keys renewed twice a day", { renewals: 15 }, 4_036 / 201_600, 2_102 / 201_600, 6_138],
    ["three products", { products: 3 }, 12_108 / 201_600, 6_126 / 201_600, 18_234],
    ["two hubs, each with its own budget", { hubs: 2 }, 4_036 / 201_600, 2_042 / 201_600, 12_156],
    // 10,080 looks: 20,164 queries, 10,106 configuration calls.
    ["a look a minute", { lookEveryMs: MINUTE }, 20_164 / 201_600, 10_106 / 201_600, 30_270],
    // Six more widenings: 4,042 queries; 25 writes, so 2,066 configuration calls.
    ["six more parts", { extraParts: 6 }, 4_042 / 201_600, 2_066 / 201_600, 6_108],
  ] as const)("%s", (_, more, queryShare, configurationShare, all) => {
    const calls = ownCalls({ ...SEVEN_DAYS, groupByKeys: 2, ...more });
    expect(calls.queryShare).toBeCloseTo(queryShare, 12);
    expect(calls.configurationShare).toBeCloseTo(configurationShare, 12);
    expect(calls.calls).toBe(all);
  });
});

describe("the writes of a rollout", () => {
  it.each([1, 2, 4])("of %i waves are those that a rollout makes", async (waves) => {
    const shares = [10, 25, 50, 100].slice(-waves);
    const release = aRelease("1.1.0", {
      waves: shares.map((share) => ({ name: `${share}%`, cohort: percent(share), kind: "smoke" as const })),
    });
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const writes: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "after" && /^(?:create|replace) /u.test(call)) writes.push(call);
    };
    for (let look = 0; look < 200; look++) {
      const { status } = await reconcile(declared(release), world.ports, { actor: "test", queryLagMs: 0 });
      if (status?.phase === "watching") break;
      world.advance(5 * MINUTE);
      world.settle(() => "ok");
    }
    // Adopting the fleet comes before it; settling and retiring the old configuration (three) come after.
    const made = writes.slice(writes.indexOf("create fw--thermostat--1-1-0--1"));
    expect(made).toHaveLength(ownCalls({ ...SEVEN_DAYS, groupByKeys: 1, waves }).writes - 3);
  });
});
