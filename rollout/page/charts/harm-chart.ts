import { withThousands } from "../../gate/format-evidence.ts";
import { formatPercentage } from "../../model/percentage.ts";
import type { HarmBand, HarmBands } from "../harm-bands.ts";
import { idOf, table, type Html } from "../markup.ts";
import type { RolloutStory } from "../rollout-story.ts";
import { spanOf } from "./exposure-chart.ts";
import { PANEL_RANGE, panel, type PanelBand } from "./panel.ts";
import { countScale, timeScale } from "./scale.ts";

/** Failed and silent devices over time, against what the forecast says of a release at the gate's two rates. */
export function harmChart(id: string, rollout: RolloutStory): Html {
  const { judged, gate, bands } = rollout;
  const [from, until] = spanOf(rollout);
  const points = judged.map(({ at, harmed }) => [at, harmed] as const);
  const worst = Math.max(0, ...points.map(([, harmed]) => harmed));
  const most = Math.max(
    worst,
    bands?.rejected.p95 ?? 0,
    gate.harmCap <= 3 * Math.max(worst, bands?.rejected.p95 ?? 1) ? gate.harmCap : 1,
  );
  return panel({
    id: idOf(id, "harm"),
    title: "Devices harmed",
    description: `${sentenceOf(rollout)} The rollout stops at ${withThousands(gate.harmCap)}, whatever the statistics say.`,
    x: timeScale([from, until], PANEL_RANGE.x),
    y: countScale(most, PANEL_RANGE.y),
    yLabel: "failed or silent devices",
    levels:
      gate.harmCap <= most ? [{ at: gate.harmCap, label: `harm cap ${withThousands(gate.harmCap)}` }] : [],
    bands:
      bands === undefined
        ? []
        : [bandOf(bands.rejected, "against", [from, until]), bandOf(bands.tolerated, "proof", [from, until])],
    lines: [{ ink: "bad", name: "harmed", points, isStepped: true }],
  });
}

/** The same as a table, with what the forecast took for granted. */
export function harmTable({ judged, bands }: RolloutStory): Html | undefined {
  if (bands === undefined) return undefined;
  const row = (name: string, { rate, mean, p95, stopped }: HarmBand): readonly string[] => [
    `${name} (${formatPercentage(rate)} fail)`,
    mean.toFixed(1),
    withThousands(Math.ceil(p95)),
    formatPercentage(stopped),
  ];
  return table("Devices harmed by the end of a rollout, by the forecast", [
    ["a release that is", "mean", "95 of 100 at most", "stopped"],
    row("tolerated", bands.tolerated),
    row("to be rejected", bands.rejected),
    ["this one, so far", withThousands(judged.at(-1)?.harmed ?? 0), "", ""],
  ]);
}

/** Harm against the forecast, in a sentence. */
export function sentenceOf({ judged, bands }: RolloutStory): string {
  const harmed = withThousands(judged.at(-1)?.harmed ?? 0);
  return bands === undefined
    ? `${harmed} devices failed or fell silent.`
    : `${harmed} devices failed or fell silent; ${comparison(bands)}.`;
}

function comparison({ tolerated, rejected }: HarmBands): string {
  const most = ({ rate, p95 }: HarmBand): string =>
    `at ${formatPercentage(rate)} in 95 of 100 rollouts at most ${withThousands(Math.ceil(p95))}`;
  return `the forecast: ${most(tolerated)}, ${most(rejected)}`;
}

function bandOf(
  { rate, p95 }: HarmBand,
  ink: PanelBand["ink"],
  [from, until]: readonly [number, number],
): PanelBand {
  return {
    ink,
    name: `forecast if ${formatPercentage(rate)} fail`,
    points: [
      [from, 0, p95],
      [until, 0, p95],
    ],
  };
}
