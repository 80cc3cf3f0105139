import type { BetaShapes } from "../log-beta-ratio.ts";
import { logEAbort } from "../log-e-abort.ts";
import { logEPromote } from "../log-e-promote.ts";
import { requireChance, requireCount } from "../require-argument.ts";

/** A gate that is looked at after every device that resolves: abort first, then promote. */
export interface TwoSidedGate extends BetaShapes {
  readonly p0: number;
  readonly alpha: number;
  readonly p1: number;
  readonly beta: number;
}

/** What such a gate comes to on devices that fail independently with one chance. */
export interface OperatingCharacteristic {
  readonly abort: number;
  readonly promote: number;
  /** Chance that it has not decided after the last device. */
  readonly undecided: number;
  /** Mean number of devices at the decision; the undecided count with all of them. */
  readonly meanDevices: number;
}

/** Exact chances of a gate, without simulation: dynamic programming over (devices, failures), O(devices × failures). */
export function operatingCharacteristic(
  gate: TwoSidedGate,
  { rate, devices }: { readonly rate: number; readonly devices: number },
): OperatingCharacteristic {
  requireChance("rate", rate);
  requireCount("devices", devices);
  // By number of failures so far: the chance to be there, undecided.
  let undecidedBy = new Float64Array([1]);
  let [abort, promote, meanDevices] = [0, 0, 0];
  let cuts: Cuts = { abortFrom: 0, promoteUpTo: -1 };
  for (let n = 1; n <= devices; n++) {
    cuts = nextCuts(gate, n, cuts);
    const next = new Float64Array(Math.min(undecidedBy.length + 1, cuts.abortFrom));
    for (let k = 0; k <= undecidedBy.length; k++) {
      const chance = (undecidedBy[k] ?? 0) * (1 - rate) + (undecidedBy[k - 1] ?? 0) * rate;
      if (k > cuts.promoteUpTo && k < cuts.abortFrom) {
        next[k] = chance;
        continue;
      }
      if (k >= cuts.abortFrom) abort += chance;
      else promote += chance;
      meanDevices += n * chance;
    }
    undecidedBy = next;
  }
  const undecided = undecidedBy.reduce((sum, chance) => sum + chance, 0);
  return { abort, promote, undecided, meanDevices: meanDevices + devices * undecided };
}

/** Where a gate decides after n devices: `abortBoundary` and `promoteBoundary`. */
interface Cuts {
  readonly abortFrom: number;
  readonly promoteUpTo: number;
}

/** Both cuts only rise with the devices, so each is found from the one before. */
function nextCuts({ p0, alpha, p1, beta, a, b }: TwoSidedGate, n: number, before: Cuts): Cuts {
  let { abortFrom, promoteUpTo } = before;
  while (abortFrom <= n && logEAbort({ k: abortFrom, n, p0, a, b }) < -Math.log(alpha)) abortFrom++;
  while (promoteUpTo < n && logEPromote({ k: promoteUpTo + 1, n, p1, a, b }) >= -Math.log(beta))
    promoteUpTo++;
  return { abortFrom, promoteUpTo };
}
