import { deadlineOf, type Deadlines } from "../model/deadline.ts";
import type { Look, Tally } from "../model/look.ts";
import { ownValue } from "../model/own-value.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";
import type { View } from "../model/verdict.ts";
import { silentAt } from "./silence.ts";
import { NOBODY } from "./sum-counts.ts";

/** Counts by view and stratum. The wave view serves the promotion and the abort of evidence waves. */
export type Counts = Readonly<Record<View, ReadonlyMap<string, StratumCounts>>>;

/** Count devices as the gate reads them, from a series of looks at one attempt of which the latest is the fresh one. */
export function countsOf({
  looks,
  deadlineMs,
  deadlineMsByStratum,
  queryLagMs,
}: Deadlines & {
  readonly looks: readonly Look[];
  /** How long the hub's queries may lag behind the devices. */
  readonly queryLagMs: number;
}): Counts {
  const series = looks.toSorted((one, other) => one.at - other.at);
  const fresh = series.at(-1);
  if (fresh === undefined) return { cumulative: new Map(), wave: new Map() };
  series.forEach(checkLook);
  const silentAfter = (stratum: string): number =>
    deadlineOf({ deadlineMs, deadlineMsByStratum }, stratum) + queryLagMs;
  const sameWave = series.filter(({ wave }) => wave === fresh.wave);
  const cumulative = countView({ looks: series, view: "all", silentAfter });
  const wave = countView({ looks: sameWave, view: "wave", silentAfter });
  for (const [stratum, { most }] of cumulative) {
    // Waves' views overlap by the query lag, so their sum may hide a stray; it never invents one.
    const strays = most - sumOfWaves(series, stratum);
    if (strays > 0) wave.set(stratum, { ...(wave.get(stratum) ?? NOBODY), strays });
  }
  return { cumulative, wave };
}

function countView({
  looks,
  view,
  silentAfter,
}: {
  readonly looks: readonly Look[];
  readonly view: "all" | "wave";
  /** Deadline and query lag of a stratum, ms. */
  readonly silentAfter: (stratum: string) => number;
}): Map<string, StratumCounts> {
  const strata = new Set(looks.flatMap(({ views }) => Object.keys(views[view])));
  return new Map(
    [...strata].sort().map((stratum) => {
      const series = looks.map(({ at, views }) => ({ at, tally: tallyOf(views[view], stratum) }));
      const { ok, failed, contacted: unresolved } = series.at(-1)?.tally ?? NO_CONTACT;
      const most = series.reduce((found, { tally }) => Math.max(found, contactsOf(tally)), 0);
      return [
        stratum,
        { ok, failed, unresolved, most, silent: silentAt(series, silentAfter(stratum)), strays: 0 },
      ];
    }),
  );
}

/** Devices of a stratum that some wave's view has seen. */
function sumOfWaves(looks: readonly Look[], stratum: string): number {
  const most = new Map<number, number>();
  for (const { wave, views } of looks) {
    most.set(wave, Math.max(most.get(wave) ?? 0, contactsOf(tallyOf(views.wave, stratum))));
  }
  return most.values().reduce((sum, devices) => sum + devices, 0);
}

const NO_CONTACT: Tally = { ok: 0, failed: 0, contacted: 0 };

function tallyOf(view: Readonly<Record<string, Tally>>, stratum: string): Tally {
  return ownValue(view, stratum) ?? NO_CONTACT;
}

function contactsOf({ ok, failed, contacted }: Tally): number {
  return ok + failed + contacted;
}

function checkLook({ at, views }: Look): void {
  for (const view of ["all", "wave"] as const) {
    for (const [stratum, tally] of Object.entries(views[view])) {
      if (
        [tally.ok, tally.failed, tally.contacted].every((count) => Number.isSafeInteger(count) && count >= 0)
      )
        continue;
      throw new RangeError(
        `the look at ${at} has counts of ${stratum} (view "${view}") that are no whole numbers of devices`,
      );
    }
  }
}
