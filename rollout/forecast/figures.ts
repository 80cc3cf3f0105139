import { PHASES } from "./play-rollout.ts";
import type { RolloutModel } from "./rollout-model.ts";
import { ENDS, type RunTable } from "./run-table.ts";

/** A number with the error that is left because so many rollouts were played and no more: two standard errors. */
export interface Estimate {
  readonly mean: number;
  readonly error: number;
}

/** What many rollouts of one scenario come to. */
export interface Figures {
  readonly runs: number;
  /** Chance that the release is stopped, also while it is watched. */
  readonly stopped: Estimate;
  /** Chance that a wave runs out of patience, and a person is asked. */
  readonly stuck: Estimate;
  /** Chance that a wave opens, by wave; the last entry: that everyone was reached and the last wave was judged. */
  readonly reached: readonly number[];
  /** Devices that the release harms before it ends, known by then or not. */
  readonly harmed: Estimate & { readonly p95: number; readonly perThousand: number };
  /** The stratum with the most of them. */
  readonly worst: { readonly stratum: string; readonly mean: number; readonly p95: number };
  /** Of the harmed: not yet seen to fail when the rollout ended. */
  readonly unseen: number;
  /** Of rollouts that were stopped: devices that held the release and had no outcome. They cannot be called back. */
  readonly inFlight: { readonly mean: number; readonly p95: number };
  /** From the start to the completion, the stop or the end of patience. */
  readonly hours: Estimate & { readonly p95: number };
  /** Mean hours of the rollouts that opened a wave, by wave and phase. */
  readonly waves: readonly {
    readonly name: string;
    readonly contact: number;
    readonly bake: number;
    readonly hold: number;
  }[];
}

/** Sum up a table. */
export function figuresOf(table: RunTable, { release, strata, devices, timing }: RolloutModel): Figures {
  const hoursALook = timing.lookMs / 3_600_000;
  const isEnd = (end: (typeof ENDS)[number]) => (run: number) => (ENDS[table.end[run] ?? 0] === end ? 1 : 0);
  const column = (values: Int32Array) => (run: number) => values[run] ?? 0;
  const fleet = devices.reduce((sum, count) => sum + count, 0);
  const harmed = estimate(table.runs, column(table.harmed));
  const byStratum = strata.map((stratum, index) => {
    const own = (run: number): number => table.harmedByStratum[run * strata.length + index] ?? 0;
    return { stratum, mean: estimate(table.runs, own).mean, p95: quantile(valuesOf(table.runs, own), 0.95) };
  });
  const worst = byStratum.reduce((most, one) => (one.mean > most.mean ? one : most));
  const reached = Array.from(
    { length: release.waves.length + 1 },
    (_, wave) => estimate(table.runs, (run) => ((table.wave[run] ?? 0) >= wave ? 1 : 0)).mean,
  );
  const cells = release.waves.length * PHASES.length;
  const hoursIn = (wave: number, phase: (typeof PHASES)[number]): number => {
    const cell = wave * PHASES.length + PHASES.indexOf(phase);
    const sum = estimate(table.runs, (run) => table.looksByPhase[run * cells + cell] ?? 0).mean;
    const opened = reached[wave] ?? 0;
    return opened === 0 ? 0 : (sum / opened) * hoursALook;
  };
  const stopped = valuesOf(table.runs, column(table.inFlight)).filter(
    (_, run) => isEnd("stopped")(run) === 1,
  );
  return {
    runs: table.runs,
    stopped: estimate(table.runs, isEnd("stopped")),
    stuck: estimate(table.runs, isEnd("stuck")),
    reached,
    harmed: {
      ...harmed,
      p95: quantile(valuesOf(table.runs, column(table.harmed)), 0.95),
      perThousand: (harmed.mean / fleet) * 1_000,
    },
    worst,
    unseen: estimate(table.runs, (run) => (table.harmed[run] ?? 0) - (table.seen[run] ?? 0)).mean,
    inFlight: {
      mean: stopped.length === 0 ? 0 : stopped.reduce((sum, count) => sum + count, 0) / stopped.length,
      p95: quantile(stopped, 0.95),
    },
    hours: {
      ...scaled(estimate(table.runs, column(table.looks)), hoursALook),
      p95: quantile(valuesOf(table.runs, column(table.looks)), 0.95) * hoursALook,
    },
    waves: release.waves.map(({ name }, wave) => ({
      name,
      contact: hoursIn(wave, "contact"),
      bake: hoursIn(wave, "bake"),
      hold: hoursIn(wave, "hold"),
    })),
  };
}

/** How the same rollouts come out after a change: the mean difference of each pair, and its error. */
export function differenceOf(
  before: RunTable,
  after: RunTable,
): { readonly stopped: Estimate; readonly harmed: Estimate; readonly looks: Estimate } {
  const runs = Math.min(before.runs, after.runs);
  const stopped = ENDS.indexOf("stopped");
  const less = (of: (table: RunTable, run: number) => number): Estimate =>
    estimate(runs, (run) => of(after, run) - of(before, run));
  return {
    stopped: less(({ end }, run) => (end[run] === stopped ? 1 : 0)),
    harmed: less(({ harmed }, run) => harmed[run] ?? 0),
    looks: less(({ looks }, run) => looks[run] ?? 0),
  };
}

/** The mean of a number over all rollouts, and two standard errors of it. */
function estimate(runs: number, of: (run: number) => number): Estimate {
  let sum = 0;
  for (let run = 0; run < runs; run++) sum += of(run);
  const mean = sum / runs;
  let squares = 0;
  for (let run = 0; run < runs; run++) squares += (of(run) - mean) ** 2;
  return { mean, error: 2 * Math.sqrt(squares / Math.max(1, runs - 1) / runs) };
}

function scaled({ mean, error }: Estimate, factor: number): Estimate {
  return { mean: mean * factor, error: error * factor };
}

function valuesOf(runs: number, of: (run: number) => number): Float64Array {
  return Float64Array.from({ length: runs }, (_, run) => of(run));
}

/** The quantile by linear interpolation between order statistics [type 7 of Hyndman & Fan 1996]; 0 of nothing. */
export function quantile(values: Float64Array, share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? 0;
  return below + (place - Math.floor(place)) * (above - below);
}
