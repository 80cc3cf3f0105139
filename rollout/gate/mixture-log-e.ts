import { logBetaRatio, type BetaShapes } from "./log-beta-ratio.ts";
import { requireCounts } from "./require-argument.ts";

/** What devices did, against a prior over the failure rate. */
export interface Evidence extends BetaShapes {
  /** Devices counted as bad. */
  readonly k: number;
  /** Devices. */
  readonly n: number;
}

/**
 * ln of the beta-binomial mixture e-value against the one rate p:
 * ln B(a+k, b+n-k) - ln B(a, b) - k ln p - (n-k) ln(1-p) [Robbins 1970; Howard et al. 2021]. It shows how far counts
 * are from p in either direction; the gate itself asks one-sided (`logEAbort`, `logEPromote`).
 */
export function mixtureLogE({ k, n, p, a, b }: Evidence & { readonly p: number }): number {
  requireCounts({ k, n });
  return logBetaRatio({ a: a + k, b: b + (n - k), x: p }) - logBetaRatio({ a, b, x: p });
}
