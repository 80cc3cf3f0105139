import { leastInteger } from "../least-integer.ts";
import { logBetaRatio } from "../log-beta-ratio.ts";
import { requireChance, requireCount, requireCounts } from "../require-argument.ts";

/** A fleet with bad devices in it, of which some are drawn without putting them back. */
export interface Draw {
  readonly fleet: number;
  readonly badInFleet: number;
  readonly sampled: number;
}

/** P(X ≤ k), X the bad devices among those drawn. Summed outwards from k, on the side that does not hold the mean. */
export function hypergeometricCdf({ k, ...draw }: Draw & { readonly k: number }): number {
  const { fleet, badInFleet, sampled } = draw;
  requireCount("fleet", fleet);
  requireCounts({ k: badInFleet, n: fleet });
  requireCounts({ k: sampled, n: fleet });
  requireCount("k", k);
  const least = Math.max(0, sampled - (fleet - badInFleet));
  const most = Math.min(sampled, badInFleet);
  if (k < least) return 0;
  if (k >= most) return 1;
  const isBelowMean = k * fleet < sampled * badInFleet;
  return isBelowMean ? tail({ ...draw, from: k, to: least }) : 1 - tail({ ...draw, from: k + 1, to: most });
}

/** P(X ≥ k), the upper tail with its own digits. */
export function hypergeometricUpperTail({ k, ...draw }: Draw & { readonly k: number }): number {
  const { fleet, badInFleet, sampled } = draw;
  const most = Math.min(sampled, badInFleet);
  if (k > most) return 0;
  if (k <= 0) return 1;
  const isAboveMean = k * fleet > sampled * badInFleet;
  return isAboveMean ? tail({ ...draw, from: k, to: most }) : 1 - hypergeometricCdf({ ...draw, k: k - 1 });
}

/**
 * Most bad devices that a fleet may hold when k of those drawn were bad: the largest number whose chance to show so few
 * is above alpha. A promise at one look, and exact where the sample is a large part of the fleet.
 */
export function mostBadInFleet({
  k,
  sampled,
  fleet,
  alpha,
}: {
  readonly k: number;
  readonly sampled: number;
  readonly fleet: number;
  readonly alpha: number;
}): number {
  requireCounts({ k, n: sampled });
  requireCounts({ k: sampled, n: fleet });
  requireChance("alpha", alpha);
  const most = fleet - (sampled - k);
  const isRuledOut = (badInFleet: number): boolean =>
    badInFleet > most || hypergeometricCdf({ k, fleet, badInFleet, sampled }) <= alpha;
  return leastInteger(k, isRuledOut) - 1;
}

/**
 * Chances from one number of bad devices outwards to another, each from the one before it. The first is made of three
 * binomial chances at one rate, in which the large terms cancel [Loader 2000, dhyper of R].
 */
function tail({
  fleet,
  badInFleet,
  sampled,
  from,
  to,
}: Draw & { readonly from: number; readonly to: number }): number {
  const good = fleet - badInFleet;
  const p = sampled / fleet;
  let chance = Math.exp(
    logBinomialChance({ k: from, n: badInFleet, p }) +
      logBinomialChance({ k: sampled - from, n: good, p }) -
      logBinomialChance({ k: sampled, n: fleet, p }),
  );
  let sum = chance;
  const step = Math.sign(to - from);
  for (let x = from; x !== to && chance > sum * 1e-18; x += step) {
    chance *=
      step > 0
        ? ((badInFleet - x) * (sampled - x)) / ((x + 1) * (good - sampled + x + 1))
        : (x * (good - sampled + x)) / ((badInFleet - x + 1) * (sampled - x + 1));
    sum += chance;
  }
  return Math.min(1, sum);
}

/** ln P(X = k) of a binomial X, by the beta function that its factor is made of [NIST DLMF 5.12.1]. */
function logBinomialChance({
  k,
  n,
  p,
}: {
  readonly k: number;
  readonly n: number;
  readonly p: number;
}): number {
  return -Math.log1p(n) - logBetaRatio({ a: k + 1, b: n - k + 1, x: p }) - Math.log(p) - Math.log1p(-p);
}
