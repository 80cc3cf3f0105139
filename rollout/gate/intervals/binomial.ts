import { betaTails } from "../beta-tails.ts";
import { requireChance, requireCount } from "../require-argument.ts";

/** P(X ≤ k) of X bad among n devices, each bad with the chance p: 1 - I_p(k+1, n-k) [NIST DLMF 8.17.5]. */
export function binomialCdf({ k, n, p }: Binomial): number {
  check({ k, n, p });
  return k >= n ? 1 : Math.exp(betaTails({ a: k + 1, b: n - k, x: p }).logUpper);
}

/** P(X > k), strictly: the other tail with its own digits, however small. */
export function binomialSf({ k, n, p }: Binomial): number {
  check({ k, n, p });
  return k >= n ? 0 : Math.exp(betaTails({ a: k + 1, b: n - k, x: p }).logLower);
}

interface Binomial {
  readonly k: number;
  readonly n: number;
  readonly p: number;
}

function check({ k, n, p }: Binomial): void {
  requireCount("n", n);
  requireCount("k", k);
  requireChance("p", p);
}
