import { BUCKET_COUNT, bucketOf } from "../model/bucket.ts";
import type { Cohort } from "../model/cohort.ts";
import { InvariantError } from "../model/problem.ts";
import type { Release } from "../model/release.ts";
import { reportedField, TAG } from "../model/twin-contract.ts";

/** Longest condition wavegate writes; a twin query may have 8,192 characters with its SELECT around it. */
export const MAX_CONDITION = 7_500;

/** A window of buckets, [start, start + width) modulo a million. */
export interface BucketWindow {
  readonly start: number;
  readonly width: number;
}

/** Devices of a product that wavegate may touch: those held by tag belong to no release and to no baseline. */
export function productCondition(product: string): string {
  return `${TAG.product} = '${product}' AND NOT IS_DEFINED(${TAG.hold})`;
}

/** Condition of a wave: everyone it exposes, the waves before it included. */
export function waveCondition(release: Release, wave: number): string {
  const cohorts = release.waves.slice(0, wave + 1).map(({ cohort }) => cohort);
  // Percentages are nested windows from one start, so the widest says it all; rings stay, by OR.
  const widest = cohorts.findLast(({ kind }) => kind === "percent");
  const rings = cohorts.filter(({ kind }) => kind === "ring" || kind === "named");
  const terms = [...rings, ...(widest === undefined ? [] : [widest])].map((cohort) =>
    cohortCondition(release, cohort),
  );
  return `${productCondition(release.product)} AND (${terms.join(" OR ")})`;
}

/** The buckets of a release's first `percent` of devices. Each release starts elsewhere, so none is always first. */
export function releaseWindow(release: Pick<Release, "product" | "version">, percent: number): BucketWindow {
  return {
    start: bucketOf(`${release.product}/${release.version}`),
    width: Math.round((percent / 100) * BUCKET_COUNT),
  };
}

/**
 * Condition of a window: the tag's bucket where the tag is set, else the bucket the device reports. The tag wins, so
 * that on a stamped fleet a hostile device cannot choose its wave. Only numbers compare, so text matches no window.
 */
export function windowCondition(window: BucketWindow): string {
  const tagged = inWindow(TAG.bucket, window);
  const reported = inWindow(reportedField("bucket"), window);
  return `(${tagged} OR NOT IS_DEFINED(${TAG.bucket}) AND ${reported})`;
}

/** Condition of devices that have a bucket at all. */
export function stampedCondition(product: string): string {
  return `${productCondition(product)} AND ${windowCondition({ start: 0, width: BUCKET_COUNT })}`;
}

/** True for the condition of a last wave, as wavegate writes it: everyone of the product who has a bucket. */
export function reachesEveryone(condition: string, product: string): boolean {
  // One that was narrowed, or joined with others, starts with a bracket.
  const isOurs = condition.startsWith(`${productCondition(product)} AND (`);
  return isOurs && condition.includes(windowCondition({ start: 0, width: BUCKET_COUNT }));
}

/** True when a condition holds everyone of another; by the text, so it may say no once too often. */
export function holdsAllOf(wide: string, narrow: string, product: string): boolean {
  const cohort = ofProduct(narrow, product);
  if (wide === cohort || wide === productCondition(product) || reachesEveryone(wide, product)) return true;
  return wide.endsWith(`) OR (${cohort})`);
}

/** A condition with another's devices added; everyone of the product, where that would be too long to say. */
export function widened(condition: string, by: string, product: string): string {
  const cohort = ofProduct(by, product);
  if (condition === "") return cohort;
  const text = `(${condition}) OR (${cohort})`;
  return text.length <= MAX_CONDITION ? text : productCondition(product);
}

/** `*` cannot stand inside another condition, and it names devices of every product. */
function ofProduct(condition: string, product: string): string {
  return condition === "*" ? productCondition(product) : condition;
}

function cohortCondition(release: Release, cohort: Cohort): string {
  switch (cohort.kind) {
    case "ring":
      return `${TAG.ring} = '${cohort.ring}'`;
    case "percent":
      return windowCondition(releaseWindow(release, cohort.percent));
    case "named":
      return `(${cohort.devices.map((id) => `deviceId = '${id}'`).join(" OR ")})`;
    case "where":
      return `(${cohort.where})`;
    case "devices":
    case "at least":
      throw new InvariantError("a window was asked for before its width was computed");
  }
}

function inWindow(path: string, { start, width }: BucketWindow): string {
  const between = (from: number, to: number): string => `(${path} >= ${from} AND ${path} < ${to})`;
  if (width >= BUCKET_COUNT) return between(0, BUCKET_COUNT);
  const end = start + width;
  if (end <= BUCKET_COUNT) return between(start, end);
  return `(${between(start, BUCKET_COUNT)} OR ${between(0, end - BUCKET_COUNT)})`;
}
