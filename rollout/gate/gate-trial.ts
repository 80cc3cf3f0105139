import type { Thresholds } from "../model/evidence.ts";
import type { Gate } from "../model/gate.ts";
import { ownValue } from "../model/own-value.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";
import type { Rate, Verdict } from "../model/verdict.ts";
import { abortBoundary } from "./abort-boundary.ts";
import { assessWave } from "./assess.ts";
import {
  operatingCharacteristic,
  type OperatingCharacteristic,
} from "./characteristics/operating-characteristic.ts";
import { evidenceOf } from "./evidence-of.ts";
import { logEAbort } from "./log-e-abort.ts";
import { logEPromote } from "./log-e-promote.ts";
import { priorOf } from "./prior.ts";
import { rateOf } from "./rate-of.ts";
import { sizeToProve } from "./size-to-prove.ts";
import { sumCounts } from "./sum-counts.ts";
import { gatesOf, thresholds } from "./thresholds.ts";

/** Counts to try a gate on: as if an evidence wave were covered and baked, and everyone in it the rollout's first. */
export interface TrialInput {
  readonly gate: Gate;
  readonly counts: ReadonlyMap<string, StratumCounts>;
  /** All devices of a stratum, where that is known. */
  readonly population: Readonly<Record<string, number>>;
  /** Evidence waves that the budget is split over. */
  readonly evidenceWaves: number;
  /** Level of the failure rates told, as a fraction. */
  readonly confidence: number;
}

/** What a gate makes of one stratum. */
export interface StratumTrial {
  readonly stratum: string;
  readonly counts: StratumCounts;
  /** Evidence that more fail than is tolerated. */
  readonly against: Evidence & {
    /** How many more failures among these devices stop the release; absent when not even all would. */
    readonly missing?: number;
  };
  /** Evidence that fewer fail than must not ship. */
  readonly inFavour: Evidence & {
    /** How many more clean devices prove it. */
    readonly missing: number;
  };
  readonly rate?: Rate;
}

interface Evidence {
  readonly k: number;
  readonly n: number;
  readonly evidence: number;
  readonly threshold: number;
}

/** What a gate makes of counts, and what it comes to in general. */
export interface Trial {
  readonly verdict: Verdict;
  readonly thresholds: Thresholds;
  readonly strata: readonly StratumTrial[];
  /** Devices that prove the gate, by how many of them are bad: 0, 1, 2, 5. */
  readonly sizes: readonly { readonly bad: number; readonly devices: number }[];
  /** Exact chances for one stratum that is looked at after each of so many devices. */
  readonly characteristic: {
    readonly devices: number;
    readonly byRate: readonly (OperatingCharacteristic & { readonly rate: number })[];
  };
}

/** The exact chances take work that grows faster than the devices: beyond these they change no more. */
const MOST_DEVICES = 5_000;

/** Try a gate on counts of devices; what its metrics would say is left out, what they take of its budget is not. */
export function tryGate(input: TrialInput): Trial {
  const { gate, counts, population, evidenceWaves, confidence } = input;
  const strata = [...counts.keys()].sort();
  const levels = thresholds({ ...gate, strata: strata.length, evidenceWaves, gates: gatesOf(gate) });
  const least = sizeToProve(gate);
  const devices = sumCounts(counts.values()).most;
  const verdict = assessWave({
    // Nothing is known of its metrics here.
    gate: { ...gate, metrics: [] },
    counts: { cumulative: counts, wave: counts },
    strata,
    proving: strata.filter((stratum) => (ownValue(population, stratum) ?? least) >= least),
    thresholds: levels,
    rates: { confidence, population },
    wave: { name: "these counts", kind: "evidence", bakeMs: 0 },
    coverage: { contacted: devices, targeted: devices },
    nowMs: 0,
    openedAtMs: 0,
    bakedSinceMs: 0,
  });
  return {
    verdict,
    thresholds: levels,
    strata: strata.flatMap((stratum) => {
      const found = counts.get(stratum);
      return found === undefined ? [] : [tryStratum({ ...input, stratum, own: found, levels })];
    }),
    sizes: [0, 1, 2, 5].map((bad) => ({ bad, devices: sizeToProve({ ...gate, bad }) })),
    characteristic: characteristicOf(input, levels, least),
  };
}

function tryStratum({
  gate,
  population,
  confidence,
  stratum,
  own,
  levels,
}: TrialInput & {
  readonly stratum: string;
  readonly own: StratumCounts;
  readonly levels: Thresholds;
}): StratumTrial {
  const prior = priorOf(gate);
  const n = own.most;
  const certain = own.failed + own.silent;
  const bad = n - own.ok;
  const threshold = Math.min(levels.cumulative, levels.wave);
  const stopsAt = abortBoundary({ n, p0: gate.tolerate, alpha: 1 / threshold, ...prior });
  return {
    stratum,
    counts: own,
    against: {
      k: certain,
      n,
      evidence: evidenceOf(logEAbort({ k: certain, n, p0: gate.tolerate, ...prior })),
      threshold,
      ...(stopsAt > n ? {} : { missing: Math.max(0, stopsAt - certain) }),
    },
    inFavour: {
      k: bad,
      n,
      evidence: evidenceOf(logEPromote({ k: bad, n, p1: gate.reject, ...prior })),
      threshold: levels.promote,
      missing: Math.max(0, sizeToProve({ ...gate, bad }) - n),
    },
    ...rateOf([own], { gate, rates: { confidence, population } }, stratum),
  };
}

function characteristicOf(
  { gate, counts }: TrialInput,
  levels: Thresholds,
  least: number,
): Trial["characteristic"] {
  const largest = Math.max(least, ...[...counts.values()].map(({ most }) => most));
  const devices = Math.min(MOST_DEVICES, largest);
  const { tolerate: p0, reject: p1 } = gate;
  const bounds = {
    p0,
    p1,
    alpha: 1 / Math.min(levels.cumulative, levels.wave),
    beta: gate.missedBad,
    ...priorOf(gate),
  };
  // Good, just tolerated, between the two, to be rejected, gross.
  const rates = [p0 / 5, p0, Math.sqrt(p0 * p1), p1, Math.min(0.9, 4 * p1)];
  const byRate = rates.map((rate) => ({ rate, ...operatingCharacteristic(bounds, { rate, devices }) }));
  return { devices, byRate };
}
