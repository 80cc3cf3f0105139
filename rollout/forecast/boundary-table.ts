import { logEAbort } from "../gate/log-e-abort.ts";
import { logEPromote } from "../gate/log-e-promote.ts";
import { leastInteger } from "../gate/least-integer.ts";
import { priorOf } from "../gate/prior.ts";

/** The gate's answer to (bad, devices), remembered: one look-up where the gate computes an e-value. */
export interface BoundaryTable {
  /** True when so many bad devices of so many reach the threshold. */
  reaches(bad: number, devices: number): boolean;
}

/** The same where more devices weaken the evidence. */
export interface AbortTable extends BoundaryTable {
  /** A number of bad devices, at least as large, up to which not even so many devices reach it; -1 when these do, or nearly. */
  safeUpTo(bad: number, devices: number): number;
}

/**
 * Where the evidence against a release reaches a threshold: it falls in the number of devices, so for each number of bad
 * ones there is a largest fleet that they stop.
 */
export function abortTable({
  tolerate,
  reject,
  threshold,
  isAbove = false,
}: {
  readonly tolerate: number;
  readonly reject: number;
  readonly threshold: number;
  /** True: the evidence has to be above the threshold, not only at it. */
  readonly isAbove?: boolean;
}): AbortTable {
  const prior = priorOf({ reject });
  const logThreshold = Math.log(threshold);
  const isReached = (k: number, n: number): boolean => {
    const logE = logEAbort({ k, n, p0: tolerate, ...prior });
    return isAbove ? logE > logThreshold : logE >= logThreshold;
  };
  const most = remembered((bad) =>
    isReached(bad, bad) ? leastInteger(bad, (n) => !isReached(bad, n)) - 1 : -1,
  );
  return {
    reaches: (bad, devices) => bad > 0 && devices <= most(bad),
    safeUpTo(bad, devices) {
      const more = roundedUp(bad);
      return devices > most(more) ? more : -1;
    },
  };
}

/**
 * Where the evidence for a release reaches a threshold: it rises in the number of devices, so for each number of bad ones
 * there is a smallest fleet that is promoted with them.
 */
export function promoteTable({
  reject,
  threshold,
}: {
  readonly reject: number;
  readonly threshold: number;
}): BoundaryTable {
  const prior = priorOf({ reject });
  const logThreshold = Math.log(threshold);
  const least = remembered((bad) =>
    leastInteger(Math.max(1, bad), (n) => logEPromote({ k: bad, n, p1: reject, ...prior }) >= logThreshold),
  );
  return {
    reaches: (bad, devices) => devices > 0 && (devices >= least(roundedUp(bad)) || devices >= least(bad)),
  };
}

/** A function of a whole number, worked out once for each that is asked for. */
function remembered(work: (bad: number) => number): (bad: number) => number {
  const known: number[] = [];
  return (bad) => (known[bad] ??= work(bad));
}

/** A number of two leading bits at least as large: few of them stand for all. */
function roundedUp(bad: number): number {
  if (bad < 8) return bad;
  const step = 2 ** (Math.floor(Math.log2(bad)) - 2);
  return Math.ceil(bad / step) * step;
}
