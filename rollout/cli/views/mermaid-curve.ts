import type { Forecast } from "../../forecast/forecast.ts";

/** Of the lines in their order: the first of mermaid's own is so pale that nobody sees it. */
const PALETTE = `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#1f6feb, #bc4c00, #8cb4f0, #e0a37a"}}}}%%`;
/** What people call those colours. */
const COLOURS = ["blue", "brown", "pale blue", "pale brown"];

/** The curve in the notation that GitHub draws; the table beside it has the same numbers. */
export function mermaidCurve({ curve, before }: Forecast): string {
  const percent = (share: number): string => `${Number((share * 100).toPrecision(2))}%`;
  const line = (points: Forecast["curve"], kind: "reported" | "silent"): string =>
    `  line [${points.map((point) => Math.round(point[kind].stopped.mean * 1000) / 10).join(", ")}]`;
  const kinds = ["reported", "silent"] as const;
  const what = before === undefined ? kinds : kinds.map((kind) => `${kind} after`);
  const old = before === undefined ? [] : kinds.map((kind) => `${kind} before`);
  return [
    "```mermaid",
    PALETTE,
    "xychart-beta",
    `  title "Stopped, by how many devices fail (${[...what, ...old].map((name, index) => `${name} ${COLOURS[index] ?? ""}`).join(", ")})"`,
    `  x-axis [${curve.map(({ rate }) => `"${percent(rate)}"`).join(", ")}]`,
    '  y-axis "% of rollouts" 0 --> 100',
    ...kinds.map((kind) => line(curve, kind)),
    ...(before === undefined ? [] : kinds.map((kind) => line(before.curve, kind))),
    "```",
  ].join("\n");
}
