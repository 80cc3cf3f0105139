import { requireChance, requireCount, requireCounts } from "../require-argument.ts";

/** Two rates to decide between, and the chances to err. */
export interface SprtPlan {
  readonly p0: number;
  readonly p1: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Abort when k ≥ slope n + abortAt, promote when k ≤ slope n + promoteAt. */
export interface SprtLines {
  /** ln((1-beta)/alpha), what the log-likelihood ratio has to reach. */
  readonly logA: number;
  /** ln(beta/(1-alpha)), what it has to fall to. */
  readonly logB: number;
  readonly slope: number;
  readonly abortAt: number;
  /** Below 0. */
  readonly promoteAt: number;
}

/**
 * Decision lines of the sequential probability ratio test [Wald 1947, 5.3]. With its usual limits alpha and beta hold
 * together only: alpha' ≤ alpha/(1-beta), beta' ≤ beta/(1-alpha). It decides with the fewest devices at p0 and at p1
 * themselves, and gives no confidence interval.
 */
export function sprtLines({ p0, p1, alpha, beta }: SprtPlan): SprtLines {
  for (const [name, value] of Object.entries({ p0, p1, alpha, beta })) requireChance(name, value);
  if (p1 <= p0) throw new RangeError(`p1 must be above p0 = ${p0}; it is ${p1}`);
  const logA = Math.log((1 - beta) / alpha);
  const logB = Math.log(beta / (1 - alpha));
  const perBad = Math.log(p1 / p0) + Math.log1p(-p0) - Math.log1p(-p1);
  const perGood = Math.log1p(-p0) - Math.log1p(-p1);
  return { logA, logB, slope: perGood / perBad, abortAt: logA / perBad, promoteAt: logB / perBad };
}

/** Wald's decisions after n devices: promote at most at `promoteUpTo` bad ones (-1: at none), abort from `abortFrom`. */
export function sprtDecisionNumbers({ n, ...plan }: SprtPlan & { readonly n: number }): {
  readonly promoteUpTo: number;
  readonly abortFrom: number;
} {
  requireCount("n", n);
  const { slope, abortAt, promoteAt } = sprtLines(plan);
  return {
    promoteUpTo: Math.max(-1, Math.floor(slope * n + promoteAt)),
    abortFrom: Math.ceil(slope * n + abortAt),
  };
}

/** ln of the likelihood ratio of p1 against p0 after k bad devices of n. */
export function sprtLogRatio({
  k,
  n,
  p0,
  p1,
}: {
  readonly k: number;
  readonly n: number;
  readonly p0: number;
  readonly p1: number;
}): number {
  requireCounts({ k, n });
  requireChance("p0", p0);
  requireChance("p1", p1);
  return k * Math.log(p1 / p0) + (n - k) * (Math.log1p(-p1) - Math.log1p(-p0));
}
