import { listingsOf } from "./found.ts";
import type { StepInput } from "./observation.ts";
import { reachedBy } from "./reached.ts";
import type { Step } from "./step.ts";
import { nextStopWrite } from "./stops.ts";
import { stopsToCarry } from "./stops-to-carry.ts";

/**
 * [protocol §3, 5.2] Carry a stop that stands in one place and not yet in all through, on every hub that answers. Needs no
 * store; without it, every slot found is carried through (a freeze too many is harmless), and an adopted baseline catches
 * whom the release still names: the rest as soon as the store tells whom it was given to.
 */
export function copyStops(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { store } = observation;
  const { product } = declared;
  const recorded = store?.stopIds ?? new Set<string>();
  for (const stop of stopsToCarry(input)) {
    if (deciding.unstoppable?.has(stop.attempt) === true) continue;
    const reached = reachedBy(store, stop.attempt);
    for (const listing of listingsOf(observation)) {
      const write = nextStopWrite(listing, { product, stop, recorded, reached });
      if (write !== undefined)
        return { kind: "stop", stop, why: write.why, recorded, ...(reached && { reached }) };
    }
  }
  return undefined;
}
