import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import { countsOf } from "../../rollout/gate/counts.ts";
import { strataThatCanProve } from "../../rollout/gate/proving-strata.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import type { Look } from "../../rollout/model/look.ts";
import { CountedFleet } from "./counted-fleet.ts";
import { GATE, QUERY_LAG_MS, WATCH_MS, WAVES, type SimulatedDevice } from "./scenario.ts";

/** How one rollout went. */
export interface RolloutEnd {
  readonly stopped: boolean;
  /** Waves that opened, and of them those that the gate let on. */
  readonly opened: number;
  readonly promoted: number;
  /** Looks at which the gate was asked. */
  readonly judged: number;
}

/**
 * One rollout, looked at every five minutes and judged by the gate's own code. Looks at which no verdict can change are
 * skipped: before a wave has baked only a failure or a silence more can stop the release. `everyLook` skips none of those
 * that found a change; the tests compare both.
 */
export function rollOut(
  devices: readonly SimulatedDevice[],
  { everyLook = false }: { readonly everyLook?: boolean } = {},
): RolloutEnd {
  const strata = [...new Set(devices.map(({ stratum }) => stratum))].sort();
  const bySize = Object.fromEntries(
    strata.map((name) => [name, devices.filter(({ stratum }) => stratum === name).length]),
  );
  const proving = strataThatCanProve(bySize, GATE);
  const evidenceWaves = WAVES.filter(({ kind }) => kind === "evidence").length;
  const levels = thresholds({ ...GATE, strata: strata.length, evidenceWaves });
  const fleet = new CountedFleet(strata);
  const looks: Look[] = [];
  const end = { stopped: false, opened: 0, promoted: 0, judged: 0 };
  let now = 0;
  for (const [index, wave] of WAVES.entries()) {
    end.opened++;
    const openedAt = now;
    const added = devices.filter((device) => device.wave === index);
    fleet.open(added, openedAt);
    let bakedSince: number | undefined;
    const bakeMs = Math.max(GATE.bakeMs, GATE.deadlineMs + QUERY_LAG_MS);
    const judge = (): "promote" | "hold" | "abort" => {
      end.judged++;
      return assessWave({
        gate: GATE,
        counts: countsOf({ looks, deadlineMs: GATE.deadlineMs, queryLagMs: QUERY_LAG_MS }),
        strata,
        proving,
        thresholds: levels,
        wave: { ...wave, bakeMs },
        coverage: { contacted: fleet.contacted, targeted: added.length },
        nowMs: now,
        openedAtMs: openedAt,
        bakedSinceMs: bakedSince,
      }).kind;
    };
    for (let verdict = "hold"; verdict === "hold";) {
      const bakedAt = bakedSince === undefined ? Infinity : bakedSince + bakeMs;
      const next = fleet.nextLook(now < bakedAt ? bakedAt : Infinity);
      // Nothing will ever change again: a person has to decide.
      if (next === Infinity) return end;
      now = next;
      const { isWorse } = fleet.advance(now);
      looks.push({ at: now, wave: index, views: fleet.views(), answered: 0 });
      if (fleet.contacted >= GATE.coverage * added.length) bakedSince ??= now;
      if (isWorse || everyLook || now >= bakedAt) verdict = judge();
      if (verdict === "abort") return { ...end, stopped: true };
    }
    end.promoted++;
  }
  const watchedUntil = now + WATCH_MS;
  for (now = fleet.nextLook(Infinity); now <= watchedUntil; now = fleet.nextLook(Infinity)) {
    const { isWorse } = fleet.advance(now);
    looks.push({ at: now, wave: WAVES.length - 1, views: fleet.views(), answered: 0 });
    if (!isWorse && !everyLook) continue;
    end.judged++;
    const counts = countsOf({ looks, deadlineMs: GATE.deadlineMs, queryLagMs: QUERY_LAG_MS });
    if (assessWatched({ gate: GATE, counts, strata, thresholds: levels }).kind === "abort")
      return { ...end, stopped: true };
  }
  return end;
}
