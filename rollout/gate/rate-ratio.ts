import { conditionalLogRatio, type EventTick } from "./sequential/conditional-share.ts";

/** True ratios that a rate ratio gate looks for, as multiples of the tolerated one; equal weights. */
export const RATIO_GRID = [1.5, 2, 3, 5, 10] as const;

/** ln of the likelihood ratio against the tolerated rate ratio, for every one of the grid; they add up from tick to tick. */
export function gridLogRatios(ticks: readonly EventTick[], tolerate: number): readonly number[] {
  return RATIO_GRID.map((multiple) =>
    conditionalLogRatio({ ticks, ratio: multiple * tolerate, nullRatio: tolerate }),
  );
}

/**
 * ln of the e-value against "the rate of treated devices is at most the tolerated multiple of the control's": the mean of
 * the likelihood ratios over the grid. Every ratio of the grid is above the tolerated one, so each is a supermartingale
 * under all ratios up to it, and so is their mean [Ville 1939; Lindon & Malek 2022].
 */
export function ratioLogE(logRatios: readonly number[]): number {
  const most = Math.max(...logRatios);
  return most + Math.log(logRatios.reduce((sum, one) => sum + Math.exp(one - most), 0) / logRatios.length);
}
