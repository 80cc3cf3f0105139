import { evidenceChart } from "../../rollout/page/charts/evidence-chart.ts";
import { exposureChart } from "../../rollout/page/charts/exposure-chart.ts";
import { HATCHINGS } from "../../rollout/page/hatchings.ts";
import { PAGE_STYLE } from "../../rollout/page/page-style.ts";
import type { RolloutStory } from "../../rollout/page/rollout-story.ts";

const PANEL = { width: 360, height: 240, gap: 24, below: 72 };
const LINE = 22;
const MARGIN = 12;
/** A legend's swatch and its name begin so far apart. */
const NAME_AT = 34;
/** About how wide a character of a legend is. */
const LETTER = 7;

/**
 * How a rollout was stopped, as one picture: exposure, and the gate's evidence in every stratum. Side by side, or one above
 * the other for a telephone.
 */
export async function stopPicture(rollout: RolloutStory, shape: "wide" | "narrow"): Promise<string> {
  const [hatchings, ...charts] = await Promise.all([
    HATCHINGS,
    exposureChart("stop", rollout),
    ...rollout.strata.map((stratum) => evidenceChart("stop", rollout, stratum)),
  ]);
  const reason = rollout.stop?.reason ?? "";
  const headings = linesOf(rollout.headline, shape);
  const reasons = linesOf(reason, shape);
  const top = (headings.length + reasons.length) * LINE + 20;
  const columns = shape === "wide" ? charts.length : 1;
  const rows = Math.ceil(charts.length / columns);
  const width = columns * (PANEL.width + PANEL.gap) - PANEL.gap;
  const height = top + rows * (PANEL.height + PANEL.below) - PANEL.below + 36;
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN] as const;
  const panels = charts.map((chart, index) =>
    placed(String(chart), {
      x: (index % columns) * (PANEL.width + PANEL.gap),
      y: top + Math.floor(index / columns) * (PANEL.height + PANEL.below),
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(" ")}" role="img" aria-labelledby="stop-title stop-reason">
<title id="stop-title">${escaped(rollout.headline)}</title>
<desc id="stop-reason">${escaped(reason)}</desc>
<style>${styleOf(PAGE_STYLE)}</style>
${definitions(hatchings)}
<rect class="ground" x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}"/>
${headings.map((line, index) => `<text class="heading" x="0" y="${16 + index * LINE}">${escaped(line)}</text>`).join("\n")}
${reasons.map((line, index) => `<text x="0" y="${16 + (headings.length + index) * LINE}">${escaped(line)}</text>`).join("\n")}
${panels.join("\n")}
</svg>
`;
}

/** A sentence on one line; on a telephone a line for each of its clauses. */
function linesOf(text: string, shape: "wide" | "narrow"): readonly string[] {
  return shape === "wide" ? [text] : text.split(/(?<=[;:]) | (?=\()/);
}

/** What a page's style says of pictures; without the rest, which would hold for the picture's own root. */
function styleOf(page: string): string {
  const colours = page.match(/:root \{[^}]*\}/g)?.[0] ?? "";
  const dark = /@media \(prefers-color-scheme: dark\) \{ :root \{[^}]*\} \}/.exec(page)?.[0] ?? "";
  const from = page.indexOf("svg text");
  const shapes = page.slice(from, page.indexOf(".defs", from));
  return `${colours}\n${dark}\n${shapes}\n.heading { font-size: 17px; font-weight: 600; } .caption { font-weight: 600; } .ground { fill: var(--paper); }`;
}

function definitions(hatchings: string): string {
  return /<defs>[^]*<\/defs>/.exec(hatchings)?.[0] ?? "";
}

/** A chart of a page at its place in the picture, with its heading and its legend. */
function placed(chart: string, { x, y }: { readonly x: number; readonly y: number }): string {
  const caption = /<figcaption>([^<]*)/.exec(chart)?.[1] ?? "";
  const drawn = /<svg viewBox[^]*?<\/svg>/.exec(chart)?.[0] ?? "";
  let at = x;
  const legend = [...chart.matchAll(/<span><svg[^>]*>(.*?)<\/svg>\s*([^<]*)<\/span>/g)].map(
    ([, shape = "", name = ""]) => {
      const text = name.trim();
      const entry = `<g transform="translate(${at} ${y + PANEL.height + 22})"><g>${shape}</g><text class="axis" x="${NAME_AT}" y="11">${text}</text></g>`;
      at += NAME_AT + text.length * LETTER + 14;
      return entry;
    },
  );
  const sized = drawn.replace(
    "<svg ",
    `<svg x="${x}" y="${y + 10}" width="${PANEL.width}" height="${PANEL.height}" `,
  );
  return [`<text class="caption" x="${x}" y="${y + 4}">${caption}</text>`, sized, ...legend].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0) ?? 0};`);
}
