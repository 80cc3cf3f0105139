import { betaTails } from "./beta-tails.ts";
import type { Evidence } from "./mixture-log-e.ts";
import { requireChance, requireCounts } from "./require-argument.ts";

/**
 * ln of the e-value against "every device fails with a chance of at most p0": the beta-binomial mixture with its prior
 * cut down to (p0, 1). Under that hypothesis it is a non-negative supermartingale, so the chance that it EVER reaches
 * 1/alpha is at most alpha [Ville 1939; Howard et al. 2021; Waudby-Smith & Ramdas 2023], however often one looks.
 * It rises in k and falls in n: failures and silence counted late only cost power.
 */
export function logEAbort({ k, n, p0, a, b }: Evidence & { readonly p0: number }): number {
  requireCounts({ k, n });
  requireChance("p0", p0);
  return betaTails({ a: a + k, b: b + (n - k), x: p0 }).scaledUpper - betaTails({ a, b, x: p0 }).scaledUpper;
}
