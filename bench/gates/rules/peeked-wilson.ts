import type { Rule } from "./rule.ts";

/** A confidence interval that is right once and looked at always. */
export interface PeekedWilson {
  /** Failure rate tolerated, 0 to 1. */
  readonly tolerate: number;
  /** Normal quantile of the interval: 1.96 is the usual two-sided 95%. */
  readonly z: number;
  /** Devices before which nothing is concluded; the normal approximation behind the interval asks for some. */
  readonly least: number;
}

/** Settings somebody would take who knows intervals and not what looking does to them. */
export const WILSON_USUAL = { z: 1.96, least: 20 };

/** Lower end of Wilson's score interval for k of n; E. B. Wilson 1927, as in Brown, Cai, DasGupta 2001, (4). */
export function wilsonLower({
  k,
  n,
  z,
}: {
  readonly k: number;
  readonly n: number;
  readonly z: number;
}): number {
  if (k === 0) return 0;
  const rate = k / n;
  const squared = (z * z) / n;
  const half = z * Math.sqrt((rate * (1 - rate)) / n + squared / (4 * n));
  return (rate + squared / 2 - half) / (1 + squared);
}

/**
 * Stop as soon as the interval lies above the tolerated rate. It is given the counts of our own gate, failed and silent
 * devices of those in contact, so that nothing but the rule differs; it does not look at strata.
 */
export function peekedWilson({ tolerate, z, least }: PeekedWilson): Rule {
  return {
    name: "peeked Wilson",
    start:
      () =>
      ({ everyone: { failed, silent, contacted } }) =>
        contacted >= least && wilsonLower({ k: failed + silent, n: contacted, z }) > tolerate ? "stop" : "go",
  };
}
