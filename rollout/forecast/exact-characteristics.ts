import { logEAbort } from "../gate/log-e-abort.ts";
import { priorOf } from "../gate/prior.ts";
import { abortTable, promoteTable } from "./boundary-table.ts";

/** What a gate does to devices that fail independently and report at once; exact, without simulation. */
export interface Characteristics {
  /** Chance to be stopped at one of the looks. */
  readonly abort: number;
  /** Chance to be promoted at one of them. */
  readonly promote: number;
  /** Chance that no look decides. */
  readonly undecided: number;
  /** Devices in contact at the decision, or at the last look, on average. */
  readonly meanDevices: number;
}

/** A gate of one stratum, at its thresholds. */
export interface ExactGate {
  readonly tolerate: number;
  readonly reject: number;
  /** Evidence at which it stops; Infinity: never. */
  readonly abortAt: number;
  /** Evidence at which it promotes; Infinity: never, as while a wave bakes. */
  readonly promoteAt: number;
}

/**
 * The chances of a gate that looks when so many devices have reported, by dynamic programming over the number of
 * failures. Between two looks nobody is watched; at a look it stops first and then promotes. A gate that is looked at
 * after every device has looks 1, 2, 3 ... to the last.
 */
export function exactCharacteristics(
  { tolerate, reject, abortAt, promoteAt }: ExactGate,
  { rate, looks }: { readonly rate: number; readonly looks: readonly number[] },
): Characteristics {
  const stops = abortAt === Infinity ? undefined : abortTable({ tolerate, reject, threshold: abortAt });
  const promotes = promoteAt === Infinity ? undefined : promoteTable({ reject, threshold: promoteAt });
  let [abort, promote, meanDevices] = [0, 0, 0];
  let chances = new Float64Array([1]);
  let before = 0;
  for (const devices of looks) {
    if (!(devices > before)) throw new RangeError(`looks must rise: ${devices} after ${before}`);
    chances = afterMore(chances, devices - before, rate);
    before = devices;
    for (let failed = 0; failed < chances.length; failed++) {
      const chance = chances[failed] ?? 0;
      if (chance === 0) continue;
      if (stops?.reaches(failed, devices) === true) abort += chance;
      else if (promotes?.reaches(failed, devices) === true) promote += chance;
      else continue;
      meanDevices += devices * chance;
      chances[failed] = 0;
    }
  }
  const undecided = chances.reduce((sum, chance) => sum + chance, 0);
  return { abort, promote, undecided, meanDevices: meanDevices + before * undecided };
}

/** Smallest failure rate that a wave of so many devices stops with at least this chance before it ends, looked at after each of them. */
export function rateDetected(
  gate: Omit<ExactGate, "promoteAt">,
  { devices, chance }: { readonly devices: number; readonly chance: number },
): number | undefined {
  const looks = Array.from({ length: devices }, (_, index) => index + 1);
  const isDetected = (rate: number): boolean =>
    exactCharacteristics({ ...gate, promoteAt: Infinity }, { rate, looks }).abort >= chance;
  let [below, above] = [gate.tolerate, 0.99];
  // Not even a release that fails nearly always: there are too few devices to reach the threshold.
  if (logEAbort({ k: devices, n: devices, p0: gate.tolerate, ...priorOf(gate) }) < Math.log(gate.abortAt))
    return undefined;
  if (!isDetected(above)) return undefined;
  while (above / below > 1.01) {
    const middle = Math.sqrt(below * above);
    if (isDetected(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** Below this a chance is lost in the rounding of a sum near 1. */
const NEGLIGIBLE = 1e-18;

/** The chances of each number of failures after so many more devices; what is beyond all doubt is cut off. */
function afterMore(
  chances: Float64Array<ArrayBuffer>,
  devices: number,
  rate: number,
): Float64Array<ArrayBuffer> {
  let now = chances;
  for (let device = 0; device < devices; device++) {
    const next = new Float64Array(now.length + 1);
    for (let failed = 0; failed < now.length; failed++) {
      const chance = now[failed] ?? 0;
      if (chance < NEGLIGIBLE) continue;
      next[failed] = (next[failed] ?? 0) + chance * (1 - rate);
      next[failed + 1] = (next[failed + 1] ?? 0) + chance * rate;
    }
    let used = next.length;
    while (used > 1 && (next[used - 1] ?? 0) < NEGLIGIBLE) used--;
    now = next.slice(0, used);
  }
  return now;
}
