import type { Forecast } from "../../forecast/forecast.ts";
import {
  chance,
  curveTable,
  devicesText,
  errorText,
  expectedLine,
  headline,
  powerTable,
  runsText,
  strataTable,
  timeTable,
} from "./forecast-tables.ts";
import { wrapText } from "./wrap.ts";

const COLUMNS = 80;

/** A forecast for a terminal: 80 columns, the sentence first, then the curve, what is harmed, how long it takes. */
export function renderForecast(forecast: Forecast): string {
  return [
    wrapText(headline(forecast), COLUMNS),
    "",
    ...section("If so many devices fail", curveTable(forecast, { bars: true })),
    "Defects that hide",
    ...otherLines(forecast).map((line) => wrapText(line, COLUMNS)),
    "",
    ...section("Time, of an ordinary release", timeTable(forecast)),
    ...section("What a wave can tell (exact)", powerTable(forecast.power)),
    ...section("Strata", strataTable(forecast)),
    wrapText(expectedLine(forecast), COLUMNS),
    "",
    "Taken for granted",
    ...[...forecast.assumptions, runsText(forecast)].map((text) => wrapText(`  - ${text}`, COLUMNS)),
  ].join("\n");
}

/** Defects beside the curve: what each is, and under it what it comes to. */
function otherLines({ others }: Forecast): readonly string[] {
  return others.flatMap(({ name, stopped, stuck, harmed, inFlight, worst }) => [
    `  ${name}`,
    `    stopped ${chance(stopped.mean)}${errorText(stopped)}, stuck ${chance(stuck.mean)}; harmed ${devicesText(harmed.mean)}, p95 ${devicesText(harmed.p95)}, ` +
      `worst ${worst.stratum} ${devicesText(worst.mean)}; in flight ${devicesText(inFlight.mean)}`,
  ]);
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  // A row with a long last cell does not stretch the column it is in.
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0))),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [title, ...lines.map((line) => `  ${line}`), ""];
}
