import { leastInteger } from "./least-integer.ts";
import { logEPromote } from "./log-e-promote.ts";
import type { BetaShapes } from "./log-beta-ratio.ts";
import { requireChance, requireCount } from "./require-argument.ts";

/** Largest k of n devices that may be bad while a release is still promoted at level beta; -1 when not even 0 may. */
export function promoteBoundary({
  n,
  p1,
  beta,
  a,
  b,
}: BetaShapes & { readonly n: number; readonly p1: number; readonly beta: number }): number {
  requireCount("n", n);
  requireChance("beta", beta);
  return leastInteger(0, (k) => k > n || logEPromote({ k, n, p1, a, b }) < -Math.log(beta)) - 1;
}
