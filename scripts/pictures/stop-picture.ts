import { evidenceChart } from "../../rollout/page/charts/evidence-chart.ts";
import { exposureChart } from "../../rollout/page/charts/exposure-chart.ts";
import { HATCHINGS } from "../../rollout/page/hatchings.ts";
import { PAGE_STYLE } from "../../rollout/page/page-style.ts";
import type { RolloutStory } from "../../rollout/page/rollout-story.ts";

const PANEL = { width: 360, height: 240, gap: 24 };
const TOP = 64;
const MARGIN = 12;
/** A legend's swatch and its name begin so far apart. */
const NAME_AT = 34;
/** About how wide a character of a legend is. */
const LETTER = 7;

/** How a rollout was stopped, as one picture: exposure, and the gate's evidence in every stratum. */
export async function stopPicture(rollout: RolloutStory): Promise<string> {
  const [hatchings, ...charts] = await Promise.all([
    HATCHINGS,
    exposureChart("stop", rollout),
    ...rollout.strata.map((stratum) => evidenceChart("stop", rollout, stratum)),
  ]);
  const width = charts.length * (PANEL.width + PANEL.gap) - PANEL.gap;
  const height = TOP + PANEL.height + 36;
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN] as const;
  const reason = rollout.stop?.reason ?? "";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(" ")}" role="img" aria-labelledby="stop-title stop-reason">
<title id="stop-title">${escaped(rollout.headline)}</title>
<desc id="stop-reason">${escaped(reason)}</desc>
<style>${styleOf(PAGE_STYLE)}</style>
${definitions(hatchings)}
<rect class="ground" x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}"/>
<text class="heading" x="0" y="16">${escaped(rollout.headline)}</text>
<text x="0" y="38">${escaped(reason)}</text>
${charts.map((chart, index) => placed(String(chart), index * (PANEL.width + PANEL.gap))).join("\n")}
</svg>
`;
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
function placed(chart: string, x: number): string {
  const caption = /<figcaption>([^<]*)/.exec(chart)?.[1] ?? "";
  const drawn = /<svg viewBox[^]*?<\/svg>/.exec(chart)?.[0] ?? "";
  let at = x;
  const legend = [...chart.matchAll(/<span><svg[^>]*>(.*?)<\/svg>\s*([^<]*)<\/span>/g)].map(
    ([, shape = "", name = ""]) => {
      const text = name.trim();
      const entry = `<g transform="translate(${at} ${TOP + PANEL.height + 22})"><g>${shape}</g><text class="axis" x="${NAME_AT}" y="11">${text}</text></g>`;
      at += NAME_AT + text.length * LETTER + 14;
      return entry;
    },
  );
  const sized = drawn.replace(
    "<svg ",
    `<svg x="${x}" y="${TOP + 10}" width="${PANEL.width}" height="${PANEL.height}" `,
  );
  return [`<text class="caption" x="${x}" y="${TOP + 4}">${caption}</text>`, sized, ...legend].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0) ?? 0};`);
}
