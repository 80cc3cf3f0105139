import { BUCKET_COUNT } from "../model/bucket.ts";
import type { Release } from "../model/release.ts";
import { reportedField, TAG } from "../model/twin-contract.ts";
import { windowCondition } from "./bucket-window.ts";

/** Longest condition wavegate writes, in characters; a twin query may have 8,192 with its SELECT around it. */
export const MAX_CONDITION = 7_500;

/** All devices of a product, those held by tag too. A product's name has no quote. */
export function taggedCondition(product: string): string {
  return `${TAG.product} = '${product}'`;
}

/** Devices of a product that wavegate may touch: those held by tag belong to no release and to no baseline. */
export function productCondition(product: string): string {
  return `${taggedCondition(product)} AND NOT IS_DEFINED(${TAG.hold})`;
}

interface PrioritizedRelease {
  readonly release: Release;
  /** Of its configuration. */
  readonly priority: number;
}

/**
 * Devices that a release of this priority may ever reach, whatever the wave: of the product, not held, not quarantined
 * before it started, under the release's own condition, and running what it requires.
 */
export function releaseCondition({ release, priority }: PrioritizedRelease): string {
  return [
    productCondition(release.product),
    quarantineCondition(priority),
    ...(release.where === undefined ? [] : [`(${release.where})`]),
    ...(release.requires === undefined ? [] : [requiresCondition(release.requires, release.version)]),
  ].join(" AND ");
}

/** Devices that may take a release of this priority: the tag names the highest priority a quarantined one still takes. */
export function quarantineCondition(priority: number): string {
  return `(NOT IS_DEFINED(${TAG.quarantine}) OR ${TAG.quarantine} >= ${priority})`;
}

/**
 * Devices that run the version a release requires, or took the release already: what the update itself changes must
 * not put a device out of the condition, which would take it back.
 */
export function requiresCondition(required: string, version: string): string {
  const current = reportedField("currentFwVersion");
  return `(${current} = '${required}' OR ${current} = '${version}' OR ${reportedField("pendingFwVersion")} = '${version}')`;
}

/** Devices that a release may ever reach and that have a bucket: the others match no window. */
export function stampedCondition(of: PrioritizedRelease): string {
  return `${releaseCondition(of)} AND ${windowCondition({ start: 0, width: BUCKET_COUNT })}`;
}
