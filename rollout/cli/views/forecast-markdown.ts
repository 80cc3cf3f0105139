import type { Forecast } from "../../forecast/forecast.ts";
import {
  curveTable,
  expectedLine,
  headline,
  othersTable,
  powerTable,
  runsText,
  strataTable,
  timeTable,
} from "./forecast.ts";

/** A forecast for a pull request: the sentence and the curve in sight, the rest folded. */
export function forecastMarkdown(forecast: Forecast): string {
  return [
    `**Forecast.** ${headline(forecast)}`,
    "",
    table(curveTable(forecast)),
    "",
    expectedLine(forecast),
    "",
    ...folded("Defects that hide", table(othersTable(forecast))),
    ...folded("Time, of an ordinary release", table(timeTable(forecast))),
    ...folded("What a wave can tell (exact)", table(powerTable(forecast.power))),
    ...folded("Strata", table(strataTable(forecast))),
    ...folded(
      "Taken for granted, and the seed",
      [...forecast.assumptions, runsText(forecast)].map((text) => `- ${text}`).join("\n"),
    ),
  ]
    .join("\n")
    .trimEnd();
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string =>
    `| ${head.map((_, column) => (cells[column] ?? "").replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function folded(title: string, body: string): readonly string[] {
  return ["<details>", `<summary>${title}</summary>`, "", body, "", "</details>", ""];
}
