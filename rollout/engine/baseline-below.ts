import type { Configuration, Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { holdsAllOf, reachesEveryone, type Cover } from "../plan/cover.ts";
import { coveredBy } from "../plan/queries.ts";

/** What a release exposes, and from which priority on it wins. */
type Exposing = Pick<Configuration, "condition" | "priority">;

/** An adopted baseline, and whom of the devices above it it has to catch. */
export interface Uncovered {
  readonly baseline: Configuration;
  readonly cover: Cover;
}

/**
 * The adopted baseline that would catch devices of a release, as long as its condition does not hold all of its own. The
 * highest first: one that reaches everyone, adopted or released, catches all the rest; one that was adopted for some
 * devices, or that stopped half-way, does not.
 */
export function uncoveredBaseline(listing: Listing, product: string, above: Exposing): Uncovered | undefined {
  const below = listing.configurations
    .filter(
      ({ labels, priority }) =>
        labels[LABEL.product] === product && labels[LABEL.kind] === "release" && priority < above.priority,
    )
    .sort((a, b) => b.priority - a.priority);
  for (const baseline of below) {
    if (baseline.labels[LABEL.adopted] !== "yes") {
      if (reachesEveryone(baseline.condition, product)) return undefined;
      continue;
    }
    const cover = coverOf(baseline, product);
    // Firmware of other hardware would be worse than none: what does not say whom it is for catches nobody.
    if (cover === undefined) continue;
    if (!holdsAllOf(baseline.condition, above.condition, cover)) return { baseline, cover };
    if (cover.where === undefined) return undefined;
  }
  return undefined;
}

/** True when the devices of a release have something to go back to: an adopted baseline, or one that reaches everyone. */
export function hasBaseline(listing: Listing, product: string, above: Configuration): boolean {
  return listing.configurations.some(
    ({ labels, condition, priority }) =>
      labels[LABEL.product] === product &&
      labels[LABEL.kind] === "release" &&
      priority < above.priority &&
      (labels[LABEL.adopted] === "yes" || reachesEveryone(condition, product)),
  );
}

function coverOf({ labels, metrics }: Configuration, product: string): Cover | undefined {
  const where = coveredBy(metrics, product);
  if (where !== undefined) return { product, where };
  return labels[LABEL.where] === "yes" ? undefined : { product };
}
