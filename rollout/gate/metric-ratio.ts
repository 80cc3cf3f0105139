import type { Judge } from "../model/metric.ts";
import type { RatioNumbers } from "../model/metric-reading.ts";
import {
  areCounts,
  goesOn,
  merged,
  strataIn,
  valueIn,
  type Folded,
  type Measurement,
} from "./measurement.ts";
import { gridLogRatios, RATIO_GRID } from "./rate-ratio.ts";
import type { EventTick } from "./sequential/conditional-share.ts";

const EVENTS = ["treated", "control"] as const;
const PARTS = [...EVENTS, "treatedExposure", "controlExposure"] as const;

/**
 * Events by what they add from one measurement to the next, with the shares of exposure of the same time. The first
 * measurement of a stratum is where counting begins: what came before it may be older than the attempt.
 */
export function ratioNumbers(
  measurements: readonly Measurement[],
  { tolerate }: Pick<Extract<Judge, { kind: "rate ratio" }>, "tolerate">,
): Folded<RatioNumbers> {
  const byStratum = new Map<string, RatioNumbers>();
  let used: Measurement | undefined;
  let isInconsistent = false;
  for (const measurement of measurements) {
    const ticks = strataIn(measurement, "treated").map((stratum): [string, EventTick | undefined] => [
      stratum,
      strataIn(used, "treated").includes(stratum) ? tickOf(used, measurement, stratum) : undefined,
    ]);
    isInconsistent =
      !areCounts(measurement, EVENTS) ||
      !goesOn(used, measurement, PARTS) ||
      ticks.some(([, tick]) => tick !== undefined && isWithoutExposure(tick));
    if (isInconsistent) continue;
    used = merged(used, measurement);
    for (const [stratum, tick] of ticks)
      byStratum.set(stratum, added(byStratum.get(stratum), tick, tolerate));
  }
  return { byStratum: Object.fromEntries(byStratum), at: used?.at, isInconsistent };
}

function tickOf(before: Measurement | undefined, after: Measurement, stratum: string): EventTick {
  const more = (part: string): number => valueIn(after, part, stratum) - valueIn(before, part, stratum);
  const [treatedExposure, controlExposure] = [more("treatedExposure"), more("controlExposure")];
  const exposure = treatedExposure + controlExposure;
  const rho = exposure > 0 ? treatedExposure / exposure : NaN;
  return { rho, eventsTreated: more("treated"), eventsControl: more("control") };
}

/** True for events of an arm that had no device to have them. */
function isWithoutExposure({ rho, eventsTreated, eventsControl }: EventTick): boolean {
  return (eventsTreated > 0 && !(rho > 0)) || (eventsControl > 0 && !(rho < 1));
}

/** A tick in which one arm had no exposure compares nothing. */
function added(
  before: RatioNumbers | undefined,
  tick: EventTick | undefined,
  tolerate: number,
): RatioNumbers {
  const { treated, control, logRatios } = before ?? {
    treated: 0,
    control: 0,
    logRatios: RATIO_GRID.map(() => 0),
  };
  if (tick === undefined || !(tick.rho > 0 && tick.rho < 1)) return { treated, control, logRatios };
  const more = gridLogRatios([tick], tolerate);
  return {
    treated: treated + tick.eventsTreated,
    control: control + tick.eventsControl,
    logRatios: logRatios.map((sum, index) => sum + (more[index] ?? 0)),
  };
}
