import { ownValue } from "../model/own-value.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";
import type { Rate } from "../model/verdict.ts";
import type { WatchedInput } from "./gate-input.ts";
import { confidenceSequence } from "./intervals/confidence-sequence.ts";
import { mostBadInFleet } from "./intervals/hypergeometric.ts";
import { priorOf } from "./prior.ts";
import { sumCounts } from "./sum-counts.ts";

/** Strata of at least so many devices are as good as infinite: a sample of them tells little of the others. */
const SMALL_STRATUM = 500;

/**
 * What counts say of the failure rate, read in the widest way: at the lower end whoever has no outcome yet is taken for
 * good, at the upper end for bad, so that late reports cannot break the bounds. Nothing without a level, or of nobody.
 */
export function rateOf(
  counts: readonly StratumCounts[],
  { gate, rates }: Pick<WatchedInput, "gate" | "rates">,
  stratum?: string,
): { readonly rate?: Rate } {
  const { ok, failed, silent, most, strays } = sumCounts(counts);
  const n = most + strays;
  if (rates === undefined || n === 0) return {};
  const { confidence, population } = rates;
  const alpha = 1 - confidence;
  const perhapsBad = n - ok;
  const level = { n, alpha, ...priorOf(gate) };
  const { lower } = confidenceSequence({ k: failed + silent, ...level });
  const { upper } = confidenceSequence({ k: perhapsBad, ...level });
  const devices = stratum === undefined ? 0 : (ownValue(population, stratum) ?? 0);
  if (devices >= SMALL_STRATUM || devices < n) return { rate: { lower, upper, confidence } };
  const mostBad = mostBadInFleet({ k: perhapsBad, sampled: n, fleet: devices, alpha });
  return { rate: { lower, upper, confidence, ofAll: { devices, mostBad } } };
}

/** A rate in words: "rate 0.18%–4.98%, 95%, valid at any time (at one look: at most 4 of all 50 bad)". */
export function formatRate({ lower, upper, confidence, ofAll }: Rate): string {
  const level = formatPercentage(confidence);
  const rate = `rate ${formatPercentage(lower)}–${formatPercentage(upper)}, ${level}, valid at any time`;
  if (ofAll === undefined) return rate;
  return `${rate} (at one look: at most ${ofAll.mostBad} of all ${ofAll.devices} bad)`;
}
