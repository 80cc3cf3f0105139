import { requireCount, requireShape } from "./require-argument.ts";

/** What two arms did between two measurements. */
export interface RatioTick {
  /** Treated share of the exposure, strictly between 0 and 1. */
  readonly rho: number;
  readonly treated: number;
  readonly control: number;
}

/** True ratios that a rate ratio gate looks for, as multiples of the tolerated one; equal weights. */
export const RATIO_GRID = [1.5, 2, 3, 5, 10] as const;

/**
 * ln of the likelihood ratio of one rate ratio against another, over ticks: of the events of a tick, each is a treated
 * device's with the chance rho·r / (rho·r + 1 - rho) [facts/gate-statistics.md 3.6; Lindon & Malek 2022]. What both arms
 * share (an outage of the cloud, the time of day) is in neither.
 */
export function conditionalLogLR({
  ticks,
  ratio,
  nullRatio,
}: {
  readonly ticks: readonly RatioTick[];
  readonly ratio: number;
  readonly nullRatio: number;
}): number {
  requireShape("ratio", ratio);
  requireShape("nullRatio", nullRatio);
  return ticks.reduce((sum, tick) => sum + tickLogLR(tick, ratio, nullRatio), 0);
}

/**
 * θ(R)/θ(r0) = (R/r0)·c and (1-θ(R))/(1-θ(r0)) = c with c = (rho·r0 + 1 - rho) / (rho·R + 1 - rho), which loses no
 * digits however small the treated share is.
 */
function tickLogLR({ rho, treated, control }: RatioTick, ratio: number, nullRatio: number): number {
  if (!(rho > 0 && rho < 1)) throw new RangeError(`rho must be strictly between 0 and 1; it is ${rho}`);
  requireCount("treated", treated);
  requireCount("control", control);
  const logC = Math.log1p(rho * (nullRatio - 1)) - Math.log1p(rho * (ratio - 1));
  return treated * Math.log(ratio / nullRatio) + (treated + control) * logC;
}

/** The logarithms for every ratio of the grid; they add up from tick to tick. */
export function gridLogRatios(ticks: readonly RatioTick[], tolerate: number): readonly number[] {
  return RATIO_GRID.map((multiple) =>
    conditionalLogLR({ ticks, ratio: multiple * tolerate, nullRatio: tolerate }),
  );
}

/**
 * ln of the e-value against "the rate of treated devices is at most the tolerated multiple of the control's": the mean of
 * the likelihood ratios over the grid. Every ratio of the grid is above the tolerated one, so each is a supermartingale
 * under all ratios up to it, and so is their mean [Ville 1939].
 */
export function ratioLogE(logRatios: readonly number[]): number {
  const most = Math.max(...logRatios);
  return most + Math.log(logRatios.reduce((sum, one) => sum + Math.exp(one - most), 0) / logRatios.length);
}
