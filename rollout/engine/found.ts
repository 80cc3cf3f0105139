import { refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Configuration, type Listing } from "../model/configuration.ts";
import { refSlotOf, slotOf } from "../model/labels.ts";
import type { Intent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Observation } from "./observation.ts";

/** The configuration of an intent, if the listing has the very one that the record means. */
export function configurationOf(observation: Observation, intent: Intent): Configuration | undefined {
  const found = findConfiguration(observation.listing, intent.attempt);
  return found?.createdTimeUtc === intent.created[observation.hub] ? found : undefined;
}

/** The ref of a product in a listing. */
export function refOf(listing: Listing, product: string): Configuration | undefined {
  return findConfiguration(listing, refId(product));
}

/** Every stop that stands in the labels of a product's configurations, without repeats. */
export function stopsFound(listing: Listing, product: string, attempts: readonly AttemptId[]): Stop[] {
  const ref = refOf(listing, product);
  const found = new Map<string, Stop>();
  for (const attempt of attempts) {
    const own = findConfiguration(listing, attempt);
    const stops = [own && slotOf(own.labels, attempt), ref && refSlotOf(ref.labels, attempt)];
    for (const stop of stops) if (stop !== undefined) found.set(stop.id, stop);
  }
  return [...found.values()];
}
