import { scaleLinear, scaleLog } from "d3-scale";
import { curveMonotoneX, line } from "d3-shape";
import type { CurvePoint, Forecast } from "../../forecast/forecast.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { headline } from "./forecast-tables.ts";

const [WIDTH, HEIGHT] = [720, 360];
/** Room that a label of the horizontal axis takes. */
const LABEL = 32;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 24, 48, 300];

/** The curve as a picture: chance to be stopped over the share of devices that fail. Readable on light and on dark. */
export function forecastSvg(forecast: Forecast): string {
  const { product, version, curve, gate, before } = forecast;
  const rates = curve.map(({ rate }) => rate);
  const x = scaleLog([Math.min(...rates), Math.max(...rates)], [LEFT, WIDTH - RIGHT]);
  const y = scaleLinear([0, 1], [BOTTOM, TOP]);
  const path = (points: readonly CurvePoint[], kind: "reported" | "silent"): string =>
    line<CurvePoint>(
      ({ rate }) => x(rate),
      (point) => y(point[kind].stopped.mean),
    ).curve(curveMonotoneX)([...points]) ?? "";
  const errors = (kind: "reported" | "silent"): string[] =>
    curve.map((point) => {
      const { mean, error } = point[kind].stopped;
      const [low, high] = [y(Math.max(0, mean - error)), y(Math.min(1, mean + error))];
      const at = round(x(point.rate));
      return `<line class="${kind} error" x1="${at}" x2="${at}" y1="${round(low)}" y2="${round(high)}"/><circle class="${kind}" cx="${at}" cy="${round(y(mean))}" r="3"/>`;
    });
  const drawn = (points: readonly CurvePoint[], style: string): string[] =>
    (["reported", "silent"] as const).map(
      (kind) => `<path class="${kind}${style}" d="${path(points, kind)}"/>`,
    );
  const mark = (rate: number, name: string): string =>
    rate < Math.min(...rates) || rate > Math.max(...rates)
      ? ""
      : `<line class="mark" x1="${round(x(rate))}" x2="${round(x(rate))}" y1="${TOP}" y2="${BOTTOM}"/><text text-anchor="end" x="${round(x(rate)) - 6}" y="${TOP + 14}">${name} ${formatPercentage(rate)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(`Forecast of ${product} ${version}`)}</title>`,
    `<desc id="description">${escaped(headline(forecast))}</desc>`,
    STYLE,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="heading" x="${LEFT}" y="24">${escaped(`${product} ${version}: chance to be stopped, by how many devices fail`)}</text>`,
    ...y
      .ticks(4)
      .map(
        (share) =>
          `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(share))}" y2="${round(y(share))}"/><text class="axis" text-anchor="end" x="${LEFT - 8}" y="${round(y(share)) + 4}">${formatPercentage(share)}</text>`,
      ),
    ...roomy(rates, x).map(
      (rate) =>
        `<text class="axis" text-anchor="middle" x="${round(x(rate))}" y="${BOTTOM + 18}">${formatPercentage(rate)}</text>`,
    ),
    mark(gate.tolerate, "tolerate"),
    mark(gate.reject, "reject"),
    ...(before === undefined ? [] : drawn(before.curve, " before")),
    ...drawn(curve, ""),
    ...errors("reported"),
    ...errors("silent"),
    legend(before === undefined ? "" : `; dashed: before, ${before.version}`),
    "</svg>",
    "",
  ]
    .filter((part, index, all) => part !== "" || index === all.length - 1)
    .join("\n");
}

/** Rates whose labels have room beside each other, the last one among them. */
function roomy(rates: readonly number[], x: (rate: number) => number): readonly number[] {
  return rates.toReversed().reduce<readonly number[]>((kept, rate) => {
    const next = kept[0];
    return next === undefined || x(next) - x(rate) >= LABEL ? [rate, ...kept] : kept;
  }, []);
}

function legend(before: string): string {
  const y = HEIGHT - 14;
  return `<circle class="reported" cx="${LEFT + 4}" cy="${y - 4}" r="4"/><text x="${LEFT + 14}" y="${y}">reported failures</text><circle class="silent" cx="${LEFT + 144}" cy="${y - 4}" r="4"/><text x="${LEFT + 154}" y="${y}">${escaped(`silent devices${before}`)}</text>`;
}

const STYLE = `<style>
svg { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #d0d7de; --loud: #0550ae; --quiet: #bc4c00 }
@media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --faint: #30363d; --loud: #79c0ff; --quiet: #ffa657 } }
text { font: 12px system-ui, sans-serif; fill: var(--ink) }
.heading { font-size: 15px; font-weight: 600 }
.paper { fill: var(--paper) }
.grid { stroke: var(--faint) }
.mark { stroke: var(--ink); stroke-dasharray: 2 4 }
path { fill: none; stroke-width: 2.5 }
.before { stroke-dasharray: 6 4; opacity: .6 }
path.reported, line.reported { stroke: var(--loud) }
path.silent, line.silent { stroke: var(--quiet) }
circle.reported { fill: var(--loud) }
circle.silent { fill: var(--quiet) }
</style>`;

/** Hundredths of a unit: no reader sees more, and no two machines write another digit. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0) ?? 0};`);
}
