import { html } from "hono/html";
import { area, curveLinear, curveStepAfter, line as lineOf } from "d3-shape";
import type { Html } from "../markup.ts";
import type { Scale } from "./scale.ts";

/** What a line stands for: it decides its colour AND its dash, so that nothing is told by colour alone. */
export type Ink = "reach" | "contact" | "ok" | "bad" | "against" | "proof";

/** One line of a chart. */
export interface PanelLine {
  readonly ink: Ink;
  readonly name: string;
  readonly points: readonly Point[];
  /** Stairs: a value stands until the next; default: straight. */
  readonly isStepped?: boolean;
  /** A dot on each point; default: none. */
  readonly hasDots?: boolean;
}

/** A range that a value lies in, over x. */
export interface PanelBand {
  readonly ink: Ink;
  readonly name?: string;
  readonly points: readonly (readonly [x: number, low: number, high: number])[];
  readonly isStepped?: boolean;
}

/** A small chart, drawn for a screen of 360 px and wider: every text of it stays readable there. */
export interface Panel {
  /** Unique on its page. */
  readonly id: string;
  /** What it shows, in a few words; the heading over it. */
  readonly title: string;
  /** What it says, in a sentence: for those who do not see it. */
  readonly description: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly yLabel: string;
  readonly lines: readonly PanelLine[];
  readonly bands?: readonly PanelBand[];
  /** Values of y worth a name. */
  readonly levels?: readonly { readonly at: number; readonly label: string }[];
  /** Instants of x worth a number or a word. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
}

type Point = readonly [x: number, y: number];

const WIDTH = 360;
const HEIGHT = 240;
const PLOT = { left: 48, right: 350, top: 46, bottom: 206 };

/** About how wide a character of an axis is. */
const LETTER = 7.2;

/** Where x and y lie on a panel. */
export const PANEL_RANGE = {
  x: [PLOT.left, PLOT.right],
  y: [PLOT.bottom, PLOT.top],
} as const satisfies Record<string, readonly [number, number]>;

/** Draw a chart as SVG, with its legend: colours are those of the page's style. */
export function panel(chart: Panel): Html {
  const { id, title, description, x, y, yLabel, lines, bands = [], levels = [] } = chart;
  const named = [
    ...lines.filter(({ points }) => points.length > 0).map(({ ink, name }) => ({ ink, name, isBand: false })),
    ...bands.flatMap(({ ink, name }) => (name === undefined ? [] : [{ ink, name, isBand: true }])),
  ];
  return html`<figure class="panel">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d">
      <title id="${id}-t">${title}</title>
      <desc id="${id}-d">${description}</desc>
      <text class="axis" x="0" y="14">${yLabel}</text>
      ${y.ticks.map((tick) => html`<path class="grid" d="M${PLOT.left} ${px(y.at(tick))}H${PLOT.right}" /><text class="axis" text-anchor="end" x="${PLOT.left - 5}" y="${px(y.at(tick) + 4)}">${y.format(tick)}</text>`)}
      ${spaced(x).map((tick) => html`<path class="tick" d="M${px(x.at(tick))} ${PLOT.bottom}v5" /><text class="axis" text-anchor="${anchor(x.at(tick))}" x="${px(x.at(tick))}" y="${PLOT.bottom + 20}">${x.format(tick)}</text>`)}
      <path class="base" d="M${PLOT.left} ${PLOT.bottom}H${PLOT.right}" />
      ${marked(chart).map(({ at, label, isNamed }) => html`<path class="mark" d="M${px(at)} ${PLOT.top - 8}V${PLOT.bottom}" />${isNamed ? html`<text class="axis" text-anchor="middle" x="${px(at)}" y="${PLOT.top - 12}">${label}</text>` : ""}`)}
      ${bands.map((band) => drawBand(band, x, y))}
      ${levels.map(({ at, label }) => html`<path class="level" d="M${PLOT.left} ${px(y.at(at))}H${PLOT.right}" /><text class="level" x="${PLOT.left + 4}" y="${px(y.at(at) - 4)}">${label}</text>`)}
      ${lines.map((one) => drawLine(one, x, y))}
    </svg>
    <p class="legend">
      ${named.map(({ ink, name, isBand }) => html`<span>${swatch(ink, isBand)} ${name}</span> `)}
    </p>
  </figure>`;
}

function swatch(ink: Ink, isBand: boolean): Html {
  const shape = isBand
    ? html`<path class="band ${ink}" d="M1 1H27V11H1Z" />`
    : html`<path class="line ${ink}" d="M1 6H27" />`;
  return html`<svg viewBox="0 0 28 12" aria-hidden="true">${shape}</svg>`;
}

function drawLine({ ink, points, isStepped = false, hasDots = false }: PanelLine, x: Scale, y: Scale): Html {
  const shown = within(points, x);
  const path = lineOf<Point>(
    ([at]) => x.at(at),
    ([, value]) => y.at(value),
  )
    .curve(isStepped ? curveStepAfter : curveLinear)
    .digits(1)(shown);
  const dots = hasDots ? shown : [];
  return html`<path
      class="line ${ink}"
      d="${path ?? ""}"
    />${dots.map(([at, value]) => html`<circle class="${ink}" cx="${px(x.at(at))}" cy="${px(y.at(value))}" r="2.2" />`)}`;
}

function drawBand({ ink, points, isStepped = false }: PanelBand, x: Scale, y: Scale): Html {
  const path = area<readonly [number, number, number]>(
    ([at]) => x.at(at),
    ([, low]) => y.at(low),
    ([, , high]) => y.at(high),
  )
    .curve(isStepped ? curveStepAfter : curveLinear)
    .digits(1)(within(points, x));
  return html`<path class="band ${ink}" d="${path ?? ""}" />`;
}

/** Points that lie on the picture: a series may go on after what is shown. */
function within<P extends readonly [x: number, ...rest: number[]]>(points: readonly P[], x: Scale): P[] {
  return points.filter(([at]) => x.at(at) >= PLOT.left - 0.5 && x.at(at) <= PLOT.right + 0.5);
}

/** Ticks whose texts do not touch. */
function spaced({ ticks, at, format }: Scale): readonly number[] {
  const kept: number[] = [];
  let until = -Infinity;
  for (const tick of ticks) {
    const place = at(tick);
    const width = format(tick).length * LETTER;
    const start = place - { start: 0, middle: width / 2, end: width }[anchor(place)];
    if (start < until) continue;
    kept.push(tick);
    until = start + width + LETTER;
  }
  return kept;
}

/** Marks in order; one that is too near to the one before has a line and no name. */
function marked({ marks = [], x }: Panel): readonly { at: number; label: string; isNamed: boolean }[] {
  let until = -Infinity;
  return marks.map(({ at, label }) => {
    const place = x.at(at);
    const half = (label.length * LETTER) / 2;
    const isNamed = place - half >= until;
    if (isNamed) until = place + half + 4;
    return { at: place, label, isNamed };
  });
}

/** The text of a tick at an end of the axis stays inside the picture. */
function anchor(place: number): "start" | "middle" | "end" {
  if (place > PLOT.right - 16) return "end";
  return place < PLOT.left + 4 ? "start" : "middle";
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
