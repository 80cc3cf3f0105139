import { evidenceOf } from "../../gate/evidence-of.ts";
import { formatEvidence, formatThreshold, withThousands } from "../../gate/format-evidence.ts";
import { formatInstant } from "../../model/instant.ts";
import { idOf, table, type Html } from "../markup.ts";
import type { StratumAtLook, Weighed } from "../judged-looks.ts";
import type { RolloutStory } from "../rollout-story.ts";
import { spanOf } from "./exposure-chart.ts";
import { PANEL_RANGE, panel } from "./panel.ts";
import { evidenceScale, timeScale } from "./scale.ts";

/** The gate's evidence in one stratum, look by look: against the release and for it, as a share of what it takes to act. */
export function evidenceChart(id: string, rollout: RolloutStory, stratum: string): Html {
  const found = seriesOf(rollout, stratum);
  const points = (of: (one: StratumAtLook) => Weighed | undefined): (readonly [number, number])[] =>
    found.flatMap(({ at, one }) => {
      const weighed = of(one);
      return weighed === undefined ? [] : [[at, shareOf(weighed)] as const];
    });
  const against = points((one) => one.against);
  const proof = points((one) => one.proof);
  const shares = [...against, ...proof].map(([, share]) => share);
  return panel({
    id: idOf(id, "evidence", stratum),
    title: `Evidence in ${stratum}`,
    description: sentenceOf(rollout, stratum),
    x: timeScale(spanOf(rollout), PANEL_RANGE.x),
    y: evidenceScale(
      [powerBelow(Math.min(0.01, ...shares)), powerAbove(Math.max(1, ...shares))],
      PANEL_RANGE.y,
    ),
    yLabel: "of what the gate needs to act",
    levels: [{ at: 1, label: "the gate acts" }],
    marks: rollout.waves.flatMap(({ openedAt }, index) =>
      openedAt === undefined ? [] : [{ at: openedAt, label: String(index + 1) }],
    ),
    lines: [
      { ink: "against", name: "against it: stops", points: against, hasDots: true },
      { ink: "proof", name: "for it: promotes", points: proof },
    ],
  });
}

/** The same as a table: counts and evidence of the looks that changed something. */
export function evidenceTable(rollout: RolloutStory, stratum: string): Html {
  const rows = seriesOf(rollout, stratum).map(({ at, wave, one }) => [
    formatInstant(at),
    wave + 1,
    `${withThousands(one.k)} of ${withThousands(one.n)}`,
    weighedText(one.against),
    weighedText(one.proof),
  ]);
  const kept = rows.filter((row, index) => {
    const next = rows[index + 1];
    return next === undefined || row.slice(1).join() !== rows[index - 1]?.slice(1).join();
  });
  return table(`Evidence in ${stratum}`, [["look (UTC)", "wave", "bad", "against it", "for it"], ...kept]);
}

/** Where the evidence of a stratum stands, in a sentence. */
export function sentenceOf(rollout: RolloutStory, stratum: string): string {
  const last = seriesOf(rollout, stratum).at(-1)?.one;
  if (last === undefined || last.n === 0) return `No device of ${stratum} has been in contact.`;
  const { k, n, against, proof } = last;
  const parts = [
    `${withThousands(k)} of ${withThousands(n)} devices of ${stratum} failed or fell silent`,
    ...(against === undefined ? [] : [`evidence against the release ${weighedText(against)}`]),
    ...(proof === undefined ? [] : [`evidence for it ${weighedText(proof)}`]),
  ];
  return `${parts.join("; ")}.`;
}

function weighedText(weighed: Weighed | undefined): string {
  if (weighed === undefined) return "-";
  const { logE, threshold } = weighed;
  return `${formatEvidence(evidenceOf(logE))} (acts at ${formatThreshold(threshold)})`;
}

/** Nothing that is drawn is nearer to 0 than this, or larger: evidence may be 1e300. */
const ENDS = [1e-4, 1e4] as const;

function shareOf({ logE, threshold }: Weighed): number {
  return Math.min(ENDS[1], Math.max(ENDS[0], Math.exp(logE - Math.log(threshold))));
}

function powerBelow(value: number): number {
  return 10 ** Math.floor(Math.log10(value) + 1e-9);
}

function powerAbove(value: number): number {
  return 10 ** Math.ceil(Math.log10(value * 1.5) - 1e-9);
}

interface AtLook {
  readonly at: number;
  readonly wave: number;
  readonly one: StratumAtLook;
}

function seriesOf({ judged }: RolloutStory, stratum: string): readonly AtLook[] {
  return judged.flatMap(({ at, wave, strata }) =>
    strata.filter((one) => one.stratum === stratum).map((one) => ({ at, wave, one })),
  );
}
