import { BUCKET_COUNT, bucketOf } from "../model/bucket.ts";
import type { Release } from "../model/release.ts";
import { reportedField, TAG } from "../model/twin-contract.ts";

/** A window of buckets, [start, start + width) modulo a million. */
export interface BucketWindow {
  readonly start: number;
  readonly width: number;
}

/** Devices of a kind, and how wide the window is in which they are meant. */
export interface PartialWindow {
  /** A condition that binds at least as tightly as AND. */
  readonly who: string;
  readonly width: number;
}

/**
 * Bucket that every window of a release starts at, so that they nest, whatever their widths were computed from. Each
 * release starts elsewhere, so that no device is always first.
 */
export function releaseStart({ product, version }: Pick<Release, "product" | "version">): number {
  return bucketOf(`${product}/${version}`);
}

/** Width of a window over a share of the buckets; of the smallest share at least one. */
export function widthOfPercent(percent: number): number {
  return Math.max(1, Math.round((percent / 100) * BUCKET_COUNT));
}

/** Width of a release's hold-out; 0 where it declares none. */
export function holdOutWidth({ holdOut }: Pick<Release, "holdOut">): number {
  return holdOut === undefined ? 0 : widthOfPercent(holdOut * 100);
}

/** The hold-out: the last buckets of the release's own rotation, from `from` up to `to`, around the end where to ≤ from. */
export function holdOutWindow(
  release: Pick<Release, "product" | "version" | "holdOut">,
): { readonly from: number; readonly to: number } | undefined {
  const width = holdOutWidth(release);
  if (width === 0) return undefined;
  const start = releaseStart(release);
  return { from: (start + BUCKET_COUNT - width) % BUCKET_COUNT, to: start === 0 ? BUCKET_COUNT : start };
}

/**
 * Condition of a window: the tag's bucket where the tag is set, else the bucket the device reports. The tag wins, so
 * that on a stamped fleet a hostile device cannot choose its wave. Only numbers compare, so text matches no window.
 */
export function windowCondition(window: BucketWindow): string {
  return tagFirst((path) => inWindow(path, window));
}

/** The same of several windows from one start, each for devices of its own; short enough for 25 of them. */
export function windowsCondition(start: number, windows: readonly PartialWindow[]): string {
  return tagFirst((path) => inWindows(path, start, windows));
}

function tagFirst(condition: (path: string) => string): string {
  return `(${condition(TAG.bucket)} OR NOT IS_DEFINED(${TAG.bucket}) AND ${condition(reportedField("bucket"))})`;
}

function inWindow(path: string, { start, width }: BucketWindow): string {
  const between = (from: number, to: number): string => `(${path} >= ${from} AND ${path} < ${to})`;
  if (width >= BUCKET_COUNT) return between(0, BUCKET_COUNT);
  const end = start + width;
  if (end <= BUCKET_COUNT) return between(start, end);
  return `(${between(start, BUCKET_COUNT)} OR ${between(0, end - BUCKET_COUNT)})`;
}

/** The start is said once, the ends one by one: what lies ahead of it, then what goes on around the end. */
function inWindows(path: string, start: number, windows: readonly PartialWindow[]): string {
  const ends = (all: readonly PartialWindow[], endOf: (width: number) => number): string =>
    `(${all.map(({ who, width }) => `${who} AND ${path} < ${endOf(width)}`).join(" OR ")})`;
  const ahead = `${path} >= ${start} AND ${ends(windows, (width) => Math.min(start + width, BUCKET_COUNT))}`;
  const wrapped = windows.filter(({ width }) => start + width > BUCKET_COUNT);
  if (wrapped.length === 0) return `(${ahead})`;
  // Up to the start and no further: beyond it is what lies ahead.
  const around = ends(wrapped, (width) => Math.min(start + width - BUCKET_COUNT, start));
  return `(${ahead} OR ${path} >= 0 AND ${around})`;
}
