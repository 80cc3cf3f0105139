/** JSON has no Infinity. */
const MOST = 1e308;

/** The e-value of its logarithm, as a verdict writes it: Infinity is 1e308. */
export function evidenceOf(logE: number): number {
  return Math.min(MOST, Math.exp(logE));
}
