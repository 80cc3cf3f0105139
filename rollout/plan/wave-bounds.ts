import { abortBoundary } from "../gate/abort-boundary.ts";
import { priorOf } from "../gate/prior.ts";
import { promoteBoundary } from "../gate/promote-boundary.ts";
import type { Gate } from "../model/gate.ts";
import { ownValue } from "../model/own-value.ts";
import type { PlannedWave } from "./product-plan.ts";

/** What a gate's evidence comes to in devices, for a wave of this size: how many failures stop it, how many it bears. */
export function waveBounds(input: {
  readonly gate: Gate;
  /** Devices under the wave's condition, by stratum. */
  readonly wave: Readonly<Record<string, number>>;
  readonly added: Readonly<Record<string, number>>;
  /** Strata that have to prove the gate in this wave. */
  readonly proving: readonly string[];
  /** Evidence at which the rollout stops. */
  readonly cumulative: number;
}): Pick<PlannedWave, "stopsAt" | "promotesWith"> {
  const { gate, wave, added, proving, cumulative } = input;
  const prior = priorOf(gate);
  const stops = Object.entries(wave).flatMap(([stratum, n]): [string, number][] => {
    const k = abortBoundary({ n, p0: gate.tolerate, alpha: 1 / cumulative, ...prior });
    return k > n ? [] : [[stratum, k]];
  });
  const promotes = proving.map((stratum): [string, number] => [
    stratum,
    promoteBoundary({ n: ownValue(added, stratum) ?? 0, p1: gate.reject, beta: gate.missedBad, ...prior }),
  ]);
  return { stopsAt: Object.fromEntries(stops), promotesWith: Object.fromEntries(promotes) };
}
