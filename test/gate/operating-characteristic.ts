import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { promoteBoundary } from "../../rollout/gate/promote-boundary.ts";

/** A gate that is looked at after every device: abort first, then promote. */
export interface TwoSidedGate {
  readonly p0: number;
  readonly alpha: number;
  readonly p1: number;
  readonly beta: number;
  readonly a: number;
  readonly b: number;
}

/** Exact chances of a gate on devices that fail independently, by dynamic programming over (devices, failures). */
export function operatingCharacteristic(
  gate: TwoSidedGate,
  { rate, devices }: { readonly rate: number; readonly devices: number },
): {
  readonly abort: number;
  readonly promote: number;
  readonly undecided: number;
  readonly meanDevices: number;
} {
  let undecidedBy = [1];
  let abort = 0;
  let promote = 0;
  let meanDevices = 0;
  for (let n = 1; n <= devices; n++) {
    const before = undecidedBy;
    const stopFrom = abortBoundary({ n, ...gate });
    const passUpTo = promoteBoundary({ n, ...gate });
    undecidedBy = Array.from({ length: Math.min(n, stopFrom) + 1 }, (_, k) => {
      const chance = (before[k] ?? 0) * (1 - rate) + (before[k - 1] ?? 0) * rate;
      if (k < stopFrom && k > passUpTo) return chance;
      if (k >= stopFrom) abort += chance;
      else promote += chance;
      meanDevices += n * chance;
      return 0;
    });
  }
  const undecided = undecidedBy.reduce((sum, chance) => sum + chance, 0);
  return { abort, promote, undecided, meanDevices: meanDevices + devices * undecided };
}
