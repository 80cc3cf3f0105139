import { differenceOf, figuresOf, type Estimate, type Figures } from "./figures.ts";
import { activeShare } from "./laws.ts";
import type { RolloutModel } from "./rollout-model.ts";
import type { RunTable } from "./run-table.ts";
import { curveRates, PRIOR, scenariosOf } from "./scenarios.ts";
import { exposureOfStrata, powerOfWaves, type StratumExposure, type WavePower } from "./wave-power.ts";

/** What a release would do to a fleet, if it were as bad as this or that. A value: the same input gives the same bytes. */
export interface Forecast {
  readonly schemaVersion: 1;
  readonly product: string;
  readonly version: string;
  readonly runs: number;
  readonly seed: number;
  /** Devices that the waves reach, all strata together. */
  readonly devices: number;
  readonly gate: { readonly tolerate: number; readonly reject: number; readonly harmCap: number };
  readonly curve: readonly CurvePoint[];
  /** Defects that hide, beside the curve. */
  readonly others: readonly (Figures & { readonly id: string; readonly name: string })[];
  /** Over what releases usually are, before anybody has seen this one. */
  readonly expected: { readonly stopped: number; readonly harmed: number; readonly hours: number };
  readonly power: readonly WavePower[];
  readonly strata: readonly StratumExposure[];
  readonly assumptions: readonly string[];
  /** The same under another release file, where one was given. */
  readonly before?: {
    readonly version: string;
    readonly curve: readonly CurvePoint[];
    /** What the change does to the same rollouts: after less before. */
    readonly changes: readonly ForecastChange[];
  };
}

/** The curve at one failure rate: devices that say they failed, and devices that fall silent. */
export interface CurvePoint {
  readonly rate: number;
  readonly reported: Figures;
  readonly silent: Figures;
}

/** A difference between two forecasts of the same rollouts. */
export interface ForecastChange {
  readonly scenario: string;
  readonly stopped: Estimate;
  readonly harmed: Estimate;
  readonly hours: Estimate;
}

/** One release file over a fleet, with what was played of it. */
export interface PlayedRelease {
  readonly version: string;
  readonly model: RolloutModel;
  /** By the scenario's id. */
  readonly tables: ReadonlyMap<string, RunTable>;
}

/** Sum up what was played. */
export function forecastOf(input: {
  readonly product: string;
  readonly seed: number;
  readonly after: PlayedRelease;
  readonly before?: PlayedRelease | undefined;
  readonly assumptions: readonly string[];
}): Forecast {
  const { product, seed, after, before, assumptions } = input;
  const { model, version } = after;
  const { timing, laws, added, release } = model;
  const active = laws.contact.reduce(
    (sum, one) => sum + one.share * activeShare(one, timing.activeWithinMs),
    0,
  );
  // Both curves have points where either gate draws its lines.
  const rates = curveRates(release.gate, ...(before === undefined ? [] : [before.model.release.gate]));
  const figures = (id: string): Figures => figuresOf(tableOf(after, id), model);
  const weighted = (of: (figures: Figures) => number): number =>
    PRIOR.reduce((sum, { scenario, weight }) => sum + weight * of(figures(scenario)), 0);
  return {
    schemaVersion: 1,
    product,
    version,
    runs: tableOf(after, "ordinary").runs,
    seed,
    devices: added.reduce((sum, own) => sum + own.reduce((devices, count) => devices + count, 0), 0),
    gate: release.gate,
    curve: curveOf(after, rates),
    others: scenariosOf(model)
      .filter(({ point }) => point === undefined)
      .map(({ id, truth }) => ({ id, name: truth.name, ...figures(id) })),
    expected: {
      stopped: weighted(({ stopped }) => stopped.mean),
      harmed: weighted(({ harmed }) => harmed.mean),
      hours: weighted(({ hours }) => hours.mean),
    },
    power: powerOfWaves(model, active),
    strata: exposureOfStrata(model, active),
    assumptions,
    ...(before === undefined
      ? {}
      : {
          before: {
            version: before.version,
            curve: curveOf(before, rates),
            changes: changesOf({ before, after, rates }),
          },
        }),
  };
}

/** True for a difference that is not likely to be chance: it is beyond two standard errors. */
export function isBeyondChance({ mean, error }: Estimate): boolean {
  return Math.abs(mean) > error;
}

function curveOf(played: PlayedRelease, rates: readonly number[]): readonly CurvePoint[] {
  const points = scenariosOf(played.model, rates).flatMap(({ id, point }) =>
    point === undefined ? [] : [{ id, ...point }],
  );
  const at = (rate: number, kind: "reported" | "silent"): Figures => {
    const found = points.find((point) => point.rate === rate && point.kind === kind);
    return figuresOf(tableOf(played, found?.id ?? ""), played.model);
  };
  return rates.map((rate) => ({ rate, reported: at(rate, "reported"), silent: at(rate, "silent") }));
}

function changesOf({
  before,
  after,
  rates,
}: {
  readonly before: PlayedRelease;
  readonly after: PlayedRelease;
  readonly rates: readonly number[];
}): readonly ForecastChange[] {
  const beforeMs = before.model.timing.lookMs;
  const afterMs = after.model.timing.lookMs;
  if (beforeMs !== afterMs) throw new RangeError("two forecasts with different looks cannot be compared");
  return scenariosOf(after.model, rates).map(({ id }) => {
    const { stopped, harmed, looks } = differenceOf(tableOf(before, id), tableOf(after, id));
    const hours = { mean: (looks.mean * afterMs) / 3_600_000, error: (looks.error * afterMs) / 3_600_000 };
    return { scenario: id, stopped, harmed, hours };
  });
}

function tableOf({ tables }: PlayedRelease, id: string): RunTable {
  const table = tables.get(id);
  if (table === undefined) throw new RangeError(`scenario ${JSON.stringify(id)} was not played`);
  return table;
}
