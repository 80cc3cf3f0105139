import { leastInteger } from "./least-integer.ts";
import { logEPromote } from "./log-e-promote.ts";
import { minWaveSize } from "./min-wave-size.ts";
import { priorOf } from "./prior.ts";

/**
 * Least number of devices, `bad` of them bad, at which a gate that is watched all the time promotes. A stratum with
 * fewer devices can never prove it.
 */
export function sizeToProve({
  reject,
  missedBad,
  bad = 0,
}: {
  /** Failure rate that must not ship (p1). */
  readonly reject: number;
  /** Chance to let such a release pass (beta). */
  readonly missedBad: number;
  readonly bad?: number;
}): number {
  const prior = priorOf({ reject });
  // Watching costs devices: the size for one planned look is never enough, so the search starts there.
  const oneLook = minWaveSize({ maxFailuresAllowed: bad, pMax: reject, conf: 1 - missedBad });
  return leastInteger(
    oneLook,
    (n) => logEPromote({ k: bad, n, p1: reject, ...prior }) >= -Math.log(missedBad),
  );
}
