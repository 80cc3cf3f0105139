import { BUCKET_COUNT } from "../model/bucket.ts";
import type { Cohort } from "../model/cohort.ts";
import { canonicalJson } from "../model/digest.ts";
import { ownValue } from "../model/own-value.ts";
import { InvariantError } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";
import { holdOutWidth, widthOfPercent } from "./bucket-window.ts";

/** What the conditions of a release are made of. Every intent of a release is one. */
export type Exposable = Pick<RolloutIntent, "release" | "priority" | "windows">;

/** Cohorts that are said as they are declared, without a window of their own. */
export type PlainCohort = Extract<Cohort, { readonly kind: "ring" | "named" | "where" }>;

/** Whom a wave exposes, with the waves before it: each cohort once, and of windows from one start the widest. */
export interface Reach {
  readonly cohorts: readonly { readonly cohort: PlainCohort; readonly width: number }[];
  /** Width of the window over all devices. */
  readonly whole: number;
  /** Widths of the strata that have a wider window of their own. */
  readonly strata: Readonly<Record<string, number>>;
}

const NOBODY: Reach = { cohorts: [], whole: 0, strata: {} };

/** Reach of a whole wave. Windows only ever widen it: a later, narrower count adds nothing and takes nothing away. */
export function reachOfWave(of: Exposable, wave: number): Reach {
  const { waves } = of.release;
  const reach = waves.slice(0, wave + 1).reduce((before, next) => joined(before, next, of), NOBODY);
  return wave < waves.length - 1 ? outsideHoldOut(reach, of.release) : reach;
}

/** However wide the windows of a wave became by the counts: the hold-out is for the last wave alone. */
function outsideHoldOut(reach: Reach, release: Release): Reach {
  const most = BUCKET_COUNT - holdOutWidth(release);
  const whole = Math.min(reach.whole, most);
  const strata = Object.entries(reach.strata).map(([name, width]): [string, number] => [
    name,
    Math.min(width, most),
  ]);
  return { ...reach, whole, strata: wider(strata, whole) };
}

/**
 * Reach after part `part` (from 1) of a wave that opens in parts: everyone of the wave before, and an equal share of the
 * buckets that the wave adds. A cohort without a window is paced over the buckets inside it. The last part is the wave.
 */
export function reachOfPart(of: Exposable, wave: number, part: number): Reach {
  const after = reachOfWave(of, wave);
  const parts = of.release.waves[wave]?.pace?.parts ?? 1;
  if (part >= parts) return after;
  const before = reachOfWave(of, wave - 1);
  const upTo = (from: number, to: number): number => from + Math.ceil(((to - from) * part) / parts);
  const whole = upTo(before.whole, after.whole);
  const strata = new Set([...Object.keys(before.strata), ...Object.keys(after.strata)]);
  const known = new Set(before.cohorts.map(({ cohort }) => canonicalJson(cohort)));
  return {
    cohorts: after.cohorts.map(({ cohort, width }) => ({
      cohort,
      width: known.has(canonicalJson(cohort)) ? width : upTo(0, width),
    })),
    whole,
    strata: wider(
      [...strata].map((name) => [name, upTo(widthIn(before, name), widthIn(after, name))]),
      whole,
    ),
  };
}

function joined(reach: Reach, { name, cohort }: Wave, { windows }: Exposable): Reach {
  switch (cohort.kind) {
    case "percent":
      return widened(reach, widthOfPercent(cohort.percent), {});
    case "devices": {
      const width = ownValue(windows, name)?.["*"];
      if (width === undefined) throw notComputed(name);
      return widened(reach, width, {});
    }
    case "at least": {
      const widths = ownValue(windows, name);
      if (widths === undefined) throw notComputed(name);
      return widened(reach, 0, widths);
    }
    case "ring":
    case "named":
    case "where": {
      const isKnown = reach.cohorts.some((other) => canonicalJson(other.cohort) === canonicalJson(cohort));
      return isKnown ? reach : { ...reach, cohorts: [...reach.cohorts, { cohort, width: BUCKET_COUNT }] };
    }
  }
}

function widened(reach: Reach, width: number, widths: Readonly<Record<string, number>>): Reach {
  const whole = Math.max(reach.whole, width);
  const names = new Set([...Object.keys(reach.strata), ...Object.keys(widths)]);
  const strata = [...names].map((name): [string, number] => [
    name,
    Math.max(ownValue(reach.strata, name) ?? 0, ownValue(widths, name) ?? 0),
  ]);
  return { ...reach, whole, strata: wider(strata, whole) };
}

/** Windows that say more than the one over all devices; in an order of their own, so that one reach is one text. */
function wider(strata: readonly (readonly [string, number])[], whole: number): Record<string, number> {
  return Object.fromEntries(
    strata.filter(([, width]) => width > whole).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function widthIn({ whole, strata }: Reach, stratum: string): number {
  return Math.max(whole, ownValue(strata, stratum) ?? 0);
}

function notComputed(wave: string): InvariantError {
  return new InvariantError(`the window of wave "${wave}" was asked for before its width was computed`);
}
