import { scaleLinear, scaleLog } from "d3-scale";
import { curveLinear, curveStepAfter, line as lineOf } from "d3-shape";

/** One direction of a chart. */
export interface Axis {
  readonly label: string;
  readonly scale: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** One line of a chart; points outside the domains are left out. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dash?: string;
  /** Stairs, for what changes at whole numbers; default: straight from point to point. */
  readonly isStepped?: boolean;
}

/** A value of y worth a name, drawn across the chart. */
export interface Level {
  readonly at: number;
  readonly label: string;
}

/** A chart of lines over one pair of axes. */
export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  readonly levels?: readonly Level[];
}

const WIDTH = 720;
const HEIGHT = 380;
const PLOT = { left: 64, right: 536, top: 60, bottom: 328 };
/** Okabe and Ito's colours, told apart by people who are colour-blind. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#333333", "#8a6d3b"];

/** Draw a chart as a stand-alone SVG with a legend: the same chart gives the same text. */
export function lineChart({ title, x, y, lines, levels = [] }: LineChart): string {
  const across = placer(x, [PLOT.left, PLOT.right]);
  const up = placer(y, [PLOT.bottom, PLOT.top]);
  const body = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text({ at: [PLOT.left, 24], content: title, style: 'font-size="15" font-weight="bold"' }),
    ...x.ticks.flatMap((tick) => [
      stroke([across(tick), PLOT.top], [across(tick), PLOT.bottom], 'stroke="#e5e5e5"'),
      text({ at: [across(tick), PLOT.bottom + 18], content: x.format(tick), style: MIDDLE }),
    ]),
    ...y.ticks.flatMap((tick) => [
      stroke([PLOT.left, up(tick)], [PLOT.right, up(tick)], 'stroke="#e5e5e5"'),
      text({ at: [PLOT.left - 8, up(tick) + 4], content: y.format(tick), style: END }),
    ]),
    text({ at: [(PLOT.left + PLOT.right) / 2, HEIGHT - 14], content: x.label, style: MIDDLE }),
    text({ at: [PLOT.left - 40, PLOT.top - 12], content: y.label }),
    ...levels.flatMap((level) => drawLevel(level, up)),
    ...lines.flatMap((line, index) => drawLine(line, index, across, up)),
  ];
  const opening =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#333333">`;
  return `${[opening, `<title>${escaped(title)}</title>`, ...body].join("\n")}\n</svg>\n`;
}

const MIDDLE = 'text-anchor="middle"';
const END = 'text-anchor="end"';

type Place = (value: number) => number;

function placer({ scale, domain }: Axis, range: readonly [number, number]): Place {
  const place = (scale === "log" ? scaleLog() : scaleLinear()).domain(domain).range(range);
  return (value) => place(value);
}

function drawLine(
  { name, points, dash, isStepped = false }: Line,
  index: number,
  across: Place,
  up: Place,
): string[] {
  const colour = COLOURS[index % COLOURS.length] ?? "#333333";
  const look = `stroke="${colour}" stroke-width="2"${dash === undefined ? "" : ` stroke-dasharray="${dash}"`}`;
  const path = lineOf<Point>(
    ([x]) => across(x),
    ([, y]) => up(y),
  )
    .defined(
      ([x, y]) => isBetween(across(x), PLOT.left, PLOT.right) && isBetween(up(y), PLOT.top, PLOT.bottom),
    )
    .curve(isStepped ? curveStepAfter : curveLinear)
    .digits(1)(points);
  const row = PLOT.top + 8 + index * 20;
  return [
    `<path d="${path ?? ""}" fill="none" stroke-linejoin="round" ${look}/>`,
    stroke([PLOT.right + 16, row], [PLOT.right + 40, row], look),
    text({ at: [PLOT.right + 46, row + 4], content: name }),
  ];
}

function drawLevel({ at, label }: Level, up: Place): string[] {
  return [
    stroke([PLOT.left, up(at)], [PLOT.right, up(at)], 'stroke="#999999" stroke-dasharray="2 3"'),
    text({ at: [PLOT.right - 4, up(at) - 5], content: label, style: END }),
  ];
}

type Point = readonly [x: number, y: number];

function stroke([x1, y1]: Point, [x2, y2]: Point, look: string): string {
  return `<line x1="${pixels(x1)}" y1="${pixels(y1)}" x2="${pixels(x2)}" y2="${pixels(y2)}" ${look}/>`;
}

function text({
  at: [x, y],
  content,
  style,
}: {
  readonly at: Point;
  readonly content: string;
  readonly style?: string;
}): string {
  return `<text x="${pixels(x)}" y="${pixels(y)}"${style === undefined ? "" : ` ${style}`}>${escaped(content)}</text>`;
}

/** Rounding may put the end of an axis a little outside of it. */
function isBetween(value: number, least: number, most: number): boolean {
  return value >= least - 0.1 && value <= most + 0.1;
}

function pixels(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
