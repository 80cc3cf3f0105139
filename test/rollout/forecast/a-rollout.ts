import { assumedLaws } from "../../../rollout/forecast/laws.ts";
import type { RolloutModel, RolloutTiming } from "../../../rollout/forecast/rollout-model.ts";
import type { Gate } from "../../../rollout/model/gate.ts";
import type { Wave } from "../../../rollout/model/wave.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A gate whose waves are over within hours, so that every look of them can be played device by device. */
export const QUICK_GATE: Gate = {
  tolerate: 0.02,
  reject: 0.1,
  falseStop: 0.05,
  missedBad: 0.05,
  deadlineMs: 6 * HOUR,
  bakeMs: 7 * HOUR,
  harmCap: 1_000_000,
  patienceMs: 60 * HOUR,
  coverage: 0.9,
  onAbort: "roll back",
};

/** A wave that takes a share of the fleet. */
export function aWave(share: number, more: Partial<Wave> = {}): Wave {
  return {
    name: `${share * 100}%`,
    cohort: { kind: "percent", percent: share * 100 },
    kind: "evidence",
    bakeMs: QUICK_GATE.bakeMs,
    approvals: 0,
    ...more,
  };
}

/** A rollout over a fleet of two strata, three quarters and a quarter; change what matters. */
export function aRollout({
  devices = 2_000,
  waves = [aWave(0.02, { kind: "smoke" }), aWave(0.25), aWave(1)],
  gate = {},
  timing = {},
  laws = QUICK_LAWS,
  watchMs = 12 * HOUR,
}: {
  readonly devices?: number;
  readonly waves?: readonly Wave[];
  readonly gate?: Partial<Gate>;
  readonly timing?: Partial<RolloutTiming>;
  readonly laws?: RolloutModel["laws"];
  readonly watchMs?: number;
} = {}): RolloutModel {
  const fleet = [Math.round(devices * 0.75), devices - Math.round(devices * 0.75)];
  const upTo = (wave: number): readonly number[] =>
    fleet.map((count) => (wave < 0 ? 0 : Math.round((count * percentOf(waves[wave])) / 100)));
  return {
    release: { waves, gate: { ...QUICK_GATE, ...gate }, watchMs },
    strata: ["A", "B"],
    devices: fleet,
    added: waves.map((_, wave) => upTo(wave).map((count, stratum) => count - (upTo(wave - 1)[stratum] ?? 0))),
    laws,
    timing: {
      lookMs: 30 * MINUTE,
      queryLagMs: 0,
      evaluationMs: 5 * MINUTE,
      activeWithinMs: 7 * 24 * HOUR,
      contactsPerHour: Infinity,
      ...timing,
    },
  };
}

/** Connected devices, and some that come back within hours or days; outcomes within two hours. */
export const QUICK_LAWS: RolloutModel["laws"] = {
  ...assumedLaws(QUICK_GATE),
  contact: [
    { name: "always on", share: 0.7, perHour: 0.95 },
    { name: "often", share: 0.2, perHour: 0.4 },
    { name: "seldom", share: 0.08, perHour: 0.05 },
    { name: "gone", share: 0.02, perHour: 0 },
  ],
  success: [{ withinMs: 2 * HOUR, share: 1 }],
  failure: [{ withinMs: HOUR, share: 1 }],
  late: [
    { withinMs: HOUR, share: 0 },
    { withinMs: 9 * HOUR, share: 1 },
  ],
};

function percentOf(wave: Wave | undefined): number {
  return wave?.cohort.kind === "percent" ? wave.cohort.percent : 100;
}
