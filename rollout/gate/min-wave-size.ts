import { betaTails } from "./beta-tails.ts";
import { leastInteger } from "./least-integer.ts";
import { requireChance, requireCount } from "./require-argument.ts";

/** Relative rounding of a tail: n with P = 1 - conf exactly (0.5² against 75%) is enough and must not be missed. */
const ROUNDING = 1e-12;

/**
 * Least n so that ONE look which promotes on at most that many failures lets a release of rate pMax pass with a chance
 * of at most 1 - conf: P(X ≤ c) ≤ 1 - conf for X binomial (n, pMax). A gate that is watched all the time needs more
 * (`sizeToProve`), never less.
 */
export function minWaveSize({
  maxFailuresAllowed,
  pMax,
  conf,
}: {
  readonly maxFailuresAllowed: number;
  readonly pMax: number;
  readonly conf: number;
}): number {
  requireCount("maxFailuresAllowed", maxFailuresAllowed);
  requireChance("pMax", pMax);
  requireChance("conf", conf);
  const a = maxFailuresAllowed + 1;
  // P(X ≤ c) = 1 - I_p(c+1, n-c) [NIST DLMF 8.17.5].
  const logMissed = (n: number): number => betaTails({ a, b: n - maxFailuresAllowed, x: pMax }).logUpper;
  return leastInteger(a, (n) => logMissed(n) <= Math.log1p(-conf) + ROUNDING);
}
