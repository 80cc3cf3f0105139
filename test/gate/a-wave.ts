import type { Counts } from "../../rollout/gate/counts.ts";
import type { StratumCounts } from "../../rollout/model/stratum-counts.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import type { Gate } from "../../rollout/model/gate.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The gate of the documents' worked example. */
export const GATE: Gate = {
  tolerate: 0.02,
  reject: 0.1,
  falseStop: 0.05,
  missedBad: 0.05,
  deadlineMs: 48 * HOUR,
  bakeMs: 72 * HOUR,
  harmCap: 1_000_000,
  patienceMs: 14 * DAY,
  coverage: 0.9,
  onAbort: "roll back",
};

/** Counts of one stratum; everyone who is neither failed nor unresolved is ok, and nobody left. */
export function devices(n: number, bad: Partial<Omit<StratumCounts, "most" | "ok">> = {}): StratumCounts {
  const { failed = 0, unresolved = bad.silent ?? 0, silent = 0, strays = 0 } = bad;
  return { ok: n - failed - unresolved, failed, unresolved, most: n, silent, strays };
}

/** Counts of both views; the cumulative one is the wave's unless told. */
export function counted(
  wave: Readonly<Record<string, StratumCounts>>,
  cumulative: Readonly<Record<string, StratumCounts>> = wave,
): Counts {
  return { wave: new Map(Object.entries(wave)), cumulative: new Map(Object.entries(cumulative)) };
}

/** An evidence wave of two strata that is covered and baked, and in which nobody has failed; change what matters. */
export function aWave(changes: Partial<WaveInput> = {}): WaveInput {
  const strata = changes.strata ?? ["A", "B"];
  return {
    gate: GATE,
    wave: { name: "10%", kind: "evidence", bakeMs: 72 * HOUR },
    counts: counted({ A: devices(57), B: devices(57) }),
    strata,
    proving: strata,
    thresholds: thresholds({ ...GATE, strata: Math.max(1, strata.length), evidenceWaves: 2 }),
    coverage: { contacted: 114, targeted: 114 },
    nowMs: 80 * HOUR,
    openedAtMs: 0,
    bakedSinceMs: 4 * HOUR,
    ...changes,
  };
}

/** The same wave as a smoke wave. */
export function aSmokeWave(changes: Partial<WaveInput> = {}): WaveInput {
  return aWave({ wave: { name: "canary", kind: "smoke", bakeMs: 72 * HOUR }, ...changes });
}
