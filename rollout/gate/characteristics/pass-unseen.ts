import { requireChance, requireCount } from "../require-argument.ts";

/** Chance that not one of n devices fails though each fails with the chance p: (1-p)^n. */
export function chanceUnseen({ n, p }: { readonly n: number; readonly p: number }): number {
  requireCount("n", n);
  requireChance("p", p);
  return Math.exp(n * Math.log1p(-p));
}
