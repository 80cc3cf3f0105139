import { isoInstant } from "../model/instant.ts";
import type { Intent } from "../model/record.ts";
import { makeStop, type Stop } from "../model/stop.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";

/** Holds of running releases whose configuration somebody deleted (`REF_LOST`), on whichever hub. */
export function lostStops(input: StepInput): readonly Stop[] {
  return running(input).flatMap((intent) => {
    const { lost } = whereIs(input, intent);
    return lost.length === 0 ? [] : [holdLost(input, intent, lost)];
  });
}

/**
 * Those of them that stand on another hub all the same. A writer that was paused may still widen there, and the record of
 * the hold takes no etag from it: these have to be in force as slots before they are recorded.
 */
export function lostHereOnly(input: StepInput): readonly Stop[] {
  return running(input).flatMap((intent) => {
    const { lost, standing } = whereIs(input, intent);
    return lost.length === 0 || standing.length === 0 ? [] : [holdLost(input, intent, lost)];
  });
}

function running({ observation }: StepInput): readonly Intent[] {
  const intents = observation.store?.head?.record.intents ?? [];
  return intents.filter(({ state }) => state === "running" || state === "watching");
}

/**
 * By hubs whose ref names the head in the same listing: one that was listed before the others may lack what was created and
 * recorded since, and one that lags is moved forward first.
 */
function whereIs(
  { observation }: StepInput,
  intent: Intent,
): { readonly lost: readonly string[]; readonly standing: readonly string[] } {
  const hubs = reachedHubs(observation).filter(
    ({ name }) => observation.store?.refs.get(name)?.place === "head",
  );
  const isLost = (hub: (typeof hubs)[number]): boolean => configurationOf(hub, intent) === undefined;
  return {
    lost: hubs.filter(isLost).map(({ name }) => name),
    standing: hubs.filter((hub) => !isLost(hub)).map(({ name }) => name),
  };
}

function holdLost({ observation, deciding }: StepInput, intent: Intent, lost: readonly string[]): Stop {
  return makeStop({
    kind: "hold",
    attempt: intent.attempt,
    release: intent.digest,
    actor: "unknown (portal)",
    at: isoInstant(observation.at),
    reason: `REF_LOST: its configuration was deleted on ${lost.join(", ")}`,
    nonce: deciding.nonce,
  });
}
