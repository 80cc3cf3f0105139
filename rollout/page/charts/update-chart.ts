import { formatDuration } from "../../model/duration.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { idOf, table, type Html } from "../markup.ts";
import type { StratumTimes, TimePoint } from "../time-to-update.ts";
import { PANEL_RANGE, panel, type PanelBand } from "./panel.ts";
import { durationScale, shareScale } from "./scale.ts";

/** How long devices of a stratum took from the opening of their wave: between the earliest and the latest it can have been. */
export function updateChart(id: string, times: StratumTimes, longestMs: number): Html {
  const { stratum, latest, devices } = times;
  const points = (of: "ok" | "failed"): (readonly [number, number])[] => [
    [0, 0],
    ...latest.map((point) => [point.ms, point[of]] as const),
    [longestMs, latest.at(-1)?.[of] ?? 0],
  ];
  const hasFailures = latest.some(({ failed }) => failed > 0);
  return panel({
    id: idOf(id, "time", stratum),
    title: `Time to update in ${stratum}`,
    description: `Of ${devices} devices: ${sentenceOf(times)}`,
    x: durationScale(longestMs, PANEL_RANGE.x),
    y: shareScale(PANEL_RANGE.y),
    yLabel: `share of ${devices} devices, since their wave opened`,
    bands: [bandOf(times, "ok", longestMs), ...(hasFailures ? [bandOf(times, "failed", longestMs)] : [])],
    lines: [
      { ink: "ok", name: "ok", points: points("ok"), isStepped: true },
      ...(hasFailures
        ? [{ ink: "bad", name: "failed", points: points("failed"), isStepped: true } as const]
        : []),
    ],
  });
}

/** The same as a table: when a tenth, a half and nine tenths were ok, at the latest. */
export function updateTable(all: readonly StratumTimes[]): Html {
  const shares = [0.1, 0.5, 0.9];
  return table("Time from the opening of the wave to an outcome", [
    [
      "stratum",
      "devices",
      ...shares.map((share) => `${formatPercentage(share)} ok within`),
      "ok in the end",
      "failed in the end",
    ],
    ...all.map((times) => [
      times.stratum,
      times.devices,
      ...shares.map((share) => withinText(times, share)),
      formatPercentage(times.latest.at(-1)?.ok ?? 0),
      formatPercentage(times.latest.at(-1)?.failed ?? 0),
    ]),
  ]);
}

/** The longest time that a picture has to show, ms. */
export function longestOf(all: readonly StratumTimes[]): number {
  // The last point is where the rest was lost sight of; what matters ends with the last outcome.
  const ends = all.map(({ latest }) => {
    const last = latest.at(-1);
    return latest.find(({ ok, failed }) => ok === last?.ok && failed === last.failed)?.ms ?? 0;
  });
  return Math.max(60_000, ...ends) * 1.15;
}

function sentenceOf(times: StratumTimes): string {
  const last = times.latest.at(-1);
  return `half were ok within ${withinText(times, 0.5)}; in the end ${formatPercentage(last?.ok ?? 0)} were ok and ${formatPercentage(last?.failed ?? 0)} failed.`;
}

/** "14 to 21 minutes": the instants of the looks around it. */
function withinText({ latest, earliest }: StratumTimes, share: number): string {
  const first = (points: readonly TimePoint[]): number | undefined =>
    points.find(({ ok }) => ok >= share)?.ms;
  const [from, to] = [first(earliest), first(latest)];
  if (to === undefined) return "not reached";
  return from === undefined || from === to
    ? formatDuration(to)
    : `${formatDuration(from)} to ${formatDuration(to)}`;
}

/** Between the two curves, at every time at which either moves. */
function bandOf({ earliest, latest }: StratumTimes, of: "ok" | "failed", longestMs: number): PanelBand {
  const times = [
    ...new Set([0, ...earliest.map(({ ms }) => ms), ...latest.map(({ ms }) => ms), longestMs]),
  ].sort((one, other) => one - other);
  const valueAt = (points: readonly TimePoint[], ms: number): number =>
    points.findLast((point) => point.ms <= ms)?.[of] ?? 0;
  return {
    ink: of === "ok" ? "ok" : "bad",
    isStepped: true,
    points: times.map((ms) => [
      ms,
      valueAt(latest, ms),
      Math.max(valueAt(latest, ms), valueAt(earliest, ms)),
    ]),
  };
}
