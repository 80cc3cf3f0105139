import { describe, expect, it } from "vitest";
import { renderHistory } from "../../../rollout/cli/views/history.ts";
import { readChain } from "../../../rollout/reconcile/store-view.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld } from "../../support/world.ts";

const WAVES = [{ name: "everyone", cohort: percent(100), kind: "smoke" as const }];
const PRODUCT = declared(aRelease("1.1.0", { waves: WAVES }));
const CRON = { actor: "cron", queryLagMs: 0 };

describe("the history of a release that was held and then aborted, before anything was recorded", () => {
  it("tells both, with who and why, though one record takes them in", async () => {
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    // Adopts, then starts.
    for (let run = 0; run < 2; run++) await reconcile(PRODUCT, world.ports, CRON);
    const alice = { product: "thermostat", actor: "alice" };
    await stopRelease({ ...alice, kind: "hold", reason: "odd calls" }, world.ports);
    world.advance(60_000);
    await stopRelease({ ...alice, kind: "abort", reason: "units overheat" }, world.ports);
    await reconcile(PRODUCT, world.ports, CRON);
    const { records, hubs } = world.ports;
    const head = await records.takenMark("thermostat", hubs[0]?.name ?? "");
    const chain = (head && (await readChain(records, "thermostat", head))) ?? [];
    const told = renderHistory("thermostat", chain).split("\n");
    const stops = told.filter((line) => line.includes("[alice]"));
    expect(stops.map((line) => line.replace(/^\S+ \S+ +\w+ +/, ""))).toEqual([
      "hold        1.1.0    odd calls  [alice]",
      "abort       1.1.0    units overheat  [alice]",
    ]);
    expect(told[0]).toContain(`${chain.length} records`);
  });
});
