import { parseAttemptId, productOf, refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Configuration, type Listing } from "../model/configuration.ts";
import { attemptsInSlots, refSlotsOf, slotsOf } from "../model/labels.ts";
import type { Intent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Observation, ReachedHub } from "./observation.ts";

/** The hubs that answered, in the order of the settings. */
export function reachedHubs({ hubs }: Pick<Observation, "hubs">): readonly ReachedHub[] {
  return hubs.filter((hub): hub is ReachedHub => hub.listing !== undefined);
}

/** The listings of the hubs that answered. */
export function listingsOf(observation: Pick<Observation, "hubs">): readonly Listing[] {
  return reachedHubs(observation).map(({ listing }) => listing);
}

/** The configuration of an intent on one hub, if it is the very one that the record means. */
export function configurationOf(hub: ReachedHub, intent: Intent): Configuration | undefined {
  const found = findConfiguration(hub.listing, intent.attempt);
  return found?.createdTimeUtc === intent.created[hub.name] ? found : undefined;
}

/** The ref of a product in a listing. */
export function refOf(listing: Listing, product: string): Configuration | undefined {
  return findConfiguration(listing, refId(product));
}

/**
 * The attempt that a configuration is of, if it is one of the product's. By name: labels can be edited, and a release must
 * be found all the same.
 */
export function attemptOf({ id }: Pick<Configuration, "id">, product: string): AttemptId | undefined {
  const attempt = parseAttemptId(id);
  return attempt !== undefined && productOf(attempt) === product ? attempt : undefined;
}

/** Every attempt of a product that has a configuration or a stop on some hub, whether a record names it or not. */
export function attemptsFound(listings: readonly Listing[], product: string): readonly AttemptId[] {
  const found = listings.flatMap((listing) => [
    ...listing.configurations.flatMap((configuration) => attemptOf(configuration, product) ?? []),
    ...attemptsInSlots(refOf(listing, product)?.labels ?? {}),
  ]);
  return [...new Set(found)];
}

/** Every stop that stands in the labels of a product's configurations on some hub, without repeats. */
export function stopsFound(
  listings: readonly Listing[],
  product: string,
  attempts: readonly AttemptId[],
): Stop[] {
  const found = new Map<string, Stop>();
  for (const listing of listings) {
    const ref = refOf(listing, product);
    for (const attempt of attempts) {
      const own = findConfiguration(listing, attempt);
      const stops = [...slotsOf(own?.labels ?? {}, attempt), ...refSlotsOf(ref?.labels ?? {}, attempt)];
      for (const stop of stops) found.set(stop.id, stop);
    }
  }
  return [...found.values()];
}
