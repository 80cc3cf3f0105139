import { formatPercentage } from "../../rollout/model/percentage.ts";
import { formatCount } from "../figure.ts";
import type { Compared, Row } from "./compare.ts";
import { GATE, KINDS } from "./fleet.ts";
import { isLeast } from "./losses.ts";
import type { Played } from "./play.ts";

/** The tables of docs/gates-comparison.md. */
export function markdownTables(compared: readonly Compared[], rates: readonly number[]): string {
  const tuned = compared.map((one) => one.tuned);
  const documented = compared.map((one) => one.documented);
  return [
    "### Settings",
    table(
      ["rule", "as documented", "false stops", "tuned", "false stops"],
      compared.map((one) => [
        one.tuned.name,
        one.documented.settings,
        share(one.documented.falseStop),
        one.tuned.settings,
        share(one.tuned.falseStop),
      ]),
    ),
    ...KINDS.flatMap((kind, index) => [
      `### Tuned: ${kind.name}`,
      "Devices harmed, mean (95% of the rollouts stay within):",
      ratesTable(tuned, rates, index, (played, column) => {
        const text = `${whole(played.harmed)} (${whole(played.harmedP95)})`;
        return isLeast({ played, rows: tuned, kind: index, column, rates }) ? `**${text}**` : text;
      }),
      "Stopped, held for a person where it happened, and days to the end:",
      ratesTable(tuned, rates, index, (played) => `${ends(played)}, ${played.days.toFixed(1)} d`),
    ]),
    ...KINDS.flatMap((kind, index) => [
      `### As documented: ${kind.name}`,
      "Stopped, held for a person where it happened, and devices harmed, mean:",
      ratesTable(documented, rates, index, (played) => `${ends(played)}: ${whole(played.harmed)}`),
    ]),
  ].join("\n\n");
}

function ratesTable(
  rows: readonly Row[],
  rates: readonly number[],
  kind: number,
  cell: (played: Played, column: number) => string,
): string {
  return table(
    [
      "rule",
      ...rates.map((rate) => `${formatPercentage(rate)}${rate === GATE.tolerate ? " (tolerated)" : ""}`),
    ],
    rows.map((row) => [row.name, ...(row.cells[kind] ?? []).map(cell)]),
  );
}

function ends({ stopped, held }: Played): string {
  return held > 0 ? `${share(stopped)} + ${share(held)} held` : share(stopped);
}

function share(chance: number): string {
  // Near the ends a tenth of a percent makes a difference.
  const isNearEnd = (chance > 0 && chance < 0.1) || (chance > 0.9 && chance < 1);
  return `${(100 * chance).toFixed(isNearEnd ? 1 : 0)}%`;
}

/** A number of devices, for people. */
export function whole(devices: number): string {
  return formatCount(Math.round(devices));
}

/** As prettier writes a table. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((_, column) =>
    Math.max(3, ...[heading, ...rows].map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(heading), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
