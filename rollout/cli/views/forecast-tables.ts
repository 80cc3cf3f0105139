import { withThousands } from "../../gate/format-evidence.ts";
import {
  isBeyondChance,
  type CurvePoint,
  type Forecast,
  type ForecastChange,
} from "../../forecast/forecast.ts";
import { curveScenarioId } from "../../forecast/scenarios.ts";
import type { Estimate, Figures } from "../../forecast/figures.ts";
import type { WavePower } from "../../forecast/wave-power.ts";

/** One sentence that says which release risks what. */
export function headline(forecast: Forecast): string {
  const { product, version, before } = forecast;
  return `${product} ${version}${before === undefined ? "" : ` (before: ${before.version})`}: ${riskText(forecast)}`;
}

/** The same without the name. */
export function riskText({ curve, gate }: Forecast): string {
  const good = nearest(curve, gate.tolerate);
  const bad = nearest(curve, gate.reject);
  const brick = nearest(curve, 0.02);
  const harm = ({ harmed }: Figures): string =>
    `${devicesText(harmed.mean)} harmed on average, ${devicesText(harmed.p95)} at p95`;
  return (
    `a good release (${percent(good.rate)} fail) is stopped in ${chance(good.reported.stopped.mean)} of ` +
    `rollouts; a bad one (${percent(bad.rate)}) is stopped in ${chance(bad.reported.stopped.mean)} and passes every ` +
    `gate in ${chance(bad.reported.reached.at(-1) ?? NaN)}: ${harm(bad.reported)}. ` +
    `Silent bricks (${percent(brick.rate)}): ${harm(brick.silent)}.`
  );
}

/** How much was played, from which seed. */
export function runsText({ runs, seed }: Forecast): string {
  return `${withThousands(runs)} rollouts of each kind, seed ${seed}; ± is two standard errors`;
}

/**
 * The rows of the curve: before → after where there are two, which leaves no room for the quantiles. With bars where
 * letters are of one width, and no picture stands beside them.
 */
export function curveTable(
  { curve, before }: Forecast,
  { bars }: { readonly bars: boolean },
): readonly (readonly string[])[] {
  const changed = (rate: number, kind: "reported" | "silent"): ForecastChange | undefined =>
    before?.changes.find(({ scenario }) => scenario === curveScenarioId(kind, rate));
  const cells = (point: CurvePoint, kind: "reported" | "silent"): readonly string[] => {
    const own = point[kind];
    const old = before?.curve.find(({ rate }) => rate === point.rate)?.[kind];
    const change = changed(point.rate, kind);
    return [
      ...(bars ? [bar(own.stopped.mean)] : []),
      `${withArrow(old && chance(old.stopped.mean), chance(own.stopped.mean), change?.stopped)}${errorText(own.stopped)}`,
      withArrow(old && devicesText(old.harmed.mean), devicesText(own.harmed.mean), change?.harmed),
      ...(before === undefined ? [devicesText(own.harmed.p95)] : []),
    ];
  };
  const head = (kind: string): readonly string[] => [
    ...(bars ? [kind, "stopped"] : [`${kind}: stopped`]),
    "harmed",
    ...(before === undefined ? ["p95"] : []),
  ];
  return [
    ["fail", ...head("reported"), ...head("silent")],
    ...curve.map((point) => [percent(point.rate), ...cells(point, "reported"), ...cells(point, "silent")]),
  ];
}

/** Defects beside the curve. */
export function othersTable({ others }: Forecast): readonly (readonly string[])[] {
  return [
    ["stopped", "stuck", "harmed", "p95", "in flight", "worst stratum", "what"],
    ...others.map(({ name, stopped, stuck, harmed, inFlight, worst }) => [
      `${chance(stopped.mean)}${errorText(stopped)}`,
      chance(stuck.mean),
      devicesText(harmed.mean),
      devicesText(harmed.p95),
      devicesText(inFlight.mean),
      `${worst.stratum} ${devicesText(worst.mean)}`,
      name,
    ]),
  ];
}

/** Where the hours of a rollout go. */
export function timeTable({ others }: Forecast): readonly (readonly string[])[] {
  const ordinary = others.find(({ id }) => id === "ordinary");
  if (ordinary === undefined) return [];
  const { waves, hours, stuck } = ordinary;
  return [
    ["wave", "contact", "bake", "hold"],
    ...waves.map(({ name, contact, bake, hold }) => [
      name,
      hoursText(contact),
      hoursText(bake),
      hoursText(hold),
    ]),
    ["all", `mean ${hoursText(hours.mean)}, p95 ${hoursText(hours.p95)}; stuck in ${chance(stuck.mean)}`],
  ];
}

/** What the devices of a wave can tell by its end. */
export function powerTable(power: readonly WavePower[]): readonly (readonly string[])[] {
  const rate = (value: number | undefined): string => (value === undefined ? "none" : percent(value));
  return [
    ["wave", "stratum", "devices", "detects 80%", "95%", "unseen: 10%", "20%", "50%"],
    ...power.map(({ wave, stratum, devices, detects80, detects95, unseen }) => [
      ...[wave, stratum, withThousands(devices), rate(detects80), rate(detects95)],
      ...[unseen["10%"], unseen["20%"], unseen["50%"]].map(chance),
    ]),
  ];
}

/** When each stratum is heard. */
export function strataTable({ strata }: Forecast): readonly (readonly string[])[] {
  return [
    ["stratum", "devices", "can prove from", "first reached by the last wave"],
    ...strata.map(({ stratum, devices, provesFrom, lastWaveShare }) => [
      stratum,
      withThousands(devices),
      provesFrom ?? "never: judged for abort only",
      chance(lastWaveShare),
    ]),
  ];
}

/** What is to be expected before anybody has seen the release. */
export function expectedLine({ expected }: Forecast): string {
  return (
    `Over what releases usually are (80% fail in 0.3%, 15% in 1%, 4% in 5%, 1% in 30% of one stratum): ` +
    `stopped in ${chance(expected.stopped)}, ${devicesText(expected.harmed)} harmed, ${hoursText(expected.hours)} on average.`
  );
}

function nearest(curve: readonly CurvePoint[], rate: number): CurvePoint {
  const [first, ...others] = curve;
  if (first === undefined) throw new RangeError("a forecast without a curve");
  return others.reduce(
    (best, point) => (Math.abs(point.rate - rate) < Math.abs(best.rate - rate) ? point : best),
    first,
  );
}

/** "3% → 5%" where the difference is beyond chance, else the new value alone. */
function withArrow(before: string | undefined, after: string, change: Estimate | undefined): string {
  return before === undefined || change === undefined || !isBeyondChance(change) || before === after
    ? after
    : `${before} → ${after}`;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const BAR_CELLS = 6;

/** A share as a bar of six characters. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR_CELLS * 8);
  const full = Math.floor(eighths / 8);
  return `${"█".repeat(full)}${EIGHTHS[eighths % 8] ?? ""}`.padEnd(BAR_CELLS, "·");
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(share < 0.1 ? 2 : 3))}%`;
}

/** A chance: never rounded to certainty. */
export function chance(share: number): string {
  if (share <= 0) return "0%";
  if (share >= 1) return "100%";
  return share > 0.999 ? ">99.9%" : share < 0.001 ? "<0.1%" : `${Number((share * 100).toFixed(1))}%`;
}

/** "±1.2", in percent; nothing where it would be 0. */
export function errorText({ error }: Estimate): string {
  return error < 0.0005 ? "" : `±${Number((error * 100).toFixed(1))}`;
}

/** A number of devices that may be a mean. */
export function devicesText(count: number): string {
  if (count >= 10) return withThousands(Math.round(count));
  return String(Number(count.toFixed(1)));
}

function hoursText(hours: number): string {
  return `${hours >= 10 ? Math.round(hours) : Number(hours.toFixed(1))} h`;
}
