import type { Gate } from "../model/gate.ts";
import { sizeToProve } from "./size-to-prove.ts";

/** Strata that hold enough devices to prove the gate if every one of them stays well; sorted. */
export function strataThatCanProve(
  devicesByStratum: Readonly<Record<string, number>>,
  gate: Pick<Gate, "reject" | "missedBad">,
): readonly string[] {
  const least = sizeToProve(gate);
  return Object.entries(devicesByStratum)
    .filter(([, devices]) => devices >= least)
    .map(([stratum]) => stratum)
    .sort();
}

/** Share of a wave's devices that lies in strata which can prove the gate; 0 of a wave without devices. */
export function provingShare(
  devicesByStratum: Readonly<Record<string, number>>,
  proving: readonly string[],
): number {
  let proved = 0;
  let total = 0;
  for (const [stratum, devices] of Object.entries(devicesByStratum)) {
    total += devices;
    if (proving.includes(stratum)) proved += devices;
  }
  return total > 0 ? proved / total : 0;
}
