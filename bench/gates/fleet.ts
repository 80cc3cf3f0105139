import { assumedLaws } from "../../rollout/forecast/laws.ts";
import type { RolloutModel } from "../../rollout/forecast/rollout-model.ts";
import type { DefectRates, Truth } from "../../rollout/forecast/truth.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";
import type { Gate } from "../../rollout/model/gate.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The gate that all contenders stand in for. Its harm cap is out of reach: any of the systems could be given one. */
export const GATE: Gate = {
  tolerate: 0.01,
  reject: 0.05,
  falseStop: 0.05,
  missedBad: 0.05,
  deadlineMs: 48 * HOUR_MS,
  bakeMs: 72 * HOUR_MS,
  harmCap: Number.MAX_SAFE_INTEGER,
  patienceMs: 14 * 24 * HOUR_MS,
  coverage: 0.9,
  onAbort: "roll back",
};

const STRATA = { A: 60_000, B: 30_000, C: 10_000 };
const WAVES = [0.5, 5, 25, 100];
const DEVICES = Object.values(STRATA);

/** The fleet and the waves of the comparison: 100,000 devices in three strata; the same laws and seeds for every rule. */
export const MODEL: RolloutModel = {
  release: {
    gate: GATE,
    waves: WAVES.map((percent, index) => ({
      name: `${percent}%`,
      cohort: { kind: "percent", percent },
      kind: index === 0 ? "smoke" : "evidence",
      bakeMs: GATE.bakeMs,
      approvals: 0,
    })),
    // A stop after everyone has the release saves nobody of those who could still be spared.
    watchMs: 0,
  },
  strata: Object.keys(STRATA),
  devices: DEVICES,
  added: WAVES.map((percent, index) =>
    DEVICES.map((count) => (count * (percent - (WAVES[index - 1] ?? 0))) / 100),
  ),
  laws: assumedLaws(GATE),
  timing: {
    lookMs: HOUR_MS,
    queryLagMs: 5 * MINUTE_MS,
    evaluationMs: 5 * MINUTE_MS,
    activeWithinMs: 7 * 24 * HOUR_MS,
    contactsPerHour: Infinity,
  },
};

/** Share of the devices that fail in any release: power cuts, full disks. The least rate that can be tried out. */
const BACKGROUND = 0.002;

/** Where a defect is and whether its devices can still say so. */
export const KINDS = [
  { name: "reported, everywhere", isSilent: false, only: undefined },
  { name: "silent, everywhere", isSilent: true, only: undefined },
  { name: "reported, in stratum C only", isSilent: false, only: "C" },
  { name: "silent, in stratum C only", isSilent: true, only: "C" },
] as const;

/** One kind of defect. */
export type Kind = (typeof KINDS)[number];

/** A release that fails in that share of the devices, those that fail in any release and report it included. */
export function truthOf({ name, isSilent, only }: Kind, rate: number): Truth {
  const healthy: DefectRates = { reported: BACKGROUND, silent: 0, late: 0 };
  const defect: DefectRates = isSilent
    ? { ...healthy, silent: rate - BACKGROUND }
    : { ...healthy, reported: rate };
  return {
    name: `${formatPercentage(rate)} ${name}`,
    rates: MODEL.strata.map((stratum) => (only === undefined || only === stratum ? defect : healthy)),
  };
}

/** A good release that is as bad as a good one may be: what the rules are tuned on. */
export const TOLERATED = truthOf(KINDS[0], GATE.tolerate);
