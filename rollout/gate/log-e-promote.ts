import { betaTails } from "./beta-tails.ts";
import type { Evidence } from "./mixture-log-e.ts";
import { requireChance, requireCounts } from "./require-argument.ts";

/**
 * ln of the e-value against "every device fails with a chance of at least p1": the beta-binomial mixture with its prior
 * cut down to (0, p1). The chance that it ever reaches 1/beta for such a release is at most beta, by the same argument
 * as `logEAbort`. It falls in k: whoever is not ok yet counts as bad, which can only delay a promotion.
 */
export function logEPromote({ k, n, p1, a, b }: Evidence & { readonly p1: number }): number {
  requireCounts({ k, n });
  requireChance("p1", p1);
  return betaTails({ a: a + k, b: b + (n - k), x: p1 }).scaledLower - betaTails({ a, b, x: p1 }).scaledLower;
}
