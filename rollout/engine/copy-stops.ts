import { findConfiguration } from "../model/configuration.ts";
import { parseAttemptId } from "../model/attempt.ts";
import { LABEL } from "../model/labels.ts";
import { isAborted } from "../model/record.ts";
import { makeStop, type Stop } from "../model/stop.ts";
import { isoInstant } from "../model/instant.ts";
import { stopsFound } from "./found.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { nextStopWrite } from "./stops.ts";

/**
 * [protocol §3, 5.2] A stop that stands in one place and not yet in all, an aborted configuration that somebody filled
 * again, or a tombstone that its configuration does not know: carry it through. Needs no store; without it, every slot
 * found is carried through (a freeze too many is harmless).
 */
export function copyStops({ declared, observation, deciding }: StepInput): Step | undefined {
  const { listing, store, at } = observation;
  const attempts = listing.configurations
    .filter(({ labels }) => labels[LABEL.product] === declared.product && labels[LABEL.kind] === "release")
    .flatMap(({ id }) => parseAttemptId(id) ?? []);
  const unrecorded = stopsFound(listing, declared.product, attempts).filter(
    ({ id }) => store?.stopIds.has(id) !== true,
  );
  const aborted = (store?.head?.record.intents ?? []).filter(isAborted);
  const refilled = aborted.flatMap((intent): Stop[] => {
    const found = findConfiguration(listing, intent.attempt);
    if (found === undefined || found.condition === "") return [];
    const facts = { kind: "abort", attempt: intent.attempt, release: intent.digest } as const;
    return [
      makeStop({
        ...facts,
        actor: "wavegate",
        at: isoInstant(at),
        reason: "was aborted before",
        nonce: deciding.nonce,
      }),
    ];
  });
  for (const stop of [...unrecorded, ...refilled]) {
    const write = nextStopWrite(listing, declared.product, stop);
    if (write !== undefined) return { kind: "stop", stop, why: write.why };
  }
  return undefined;
}
