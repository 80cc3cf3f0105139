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
} from "./forecast-tables.ts";
import { asText, folded, markdownList, markdownTable } from "./markdown.ts";

/** A forecast for a pull request: the sentence and the curve in sight, the rest folded. */
export function forecastMarkdown(forecast: Forecast): string {
  return [
    `**Forecast.** ${asText(headline(forecast))}`,
    markdownTable(curveTable(forecast, { bars: false })),
    asText(expectedLine(forecast)),
    ...forecastDetails(forecast),
  ].join("\n\n");
}

/** What stands behind a forecast, each part closed until somebody opens it. */
export function forecastDetails(forecast: Forecast): readonly string[] {
  return [
    folded("Defects that hide", markdownTable(othersTable(forecast))),
    folded("Time, of an ordinary release", markdownTable(timeTable(forecast))),
    folded("What a wave can tell (exact)", markdownTable(powerTable(forecast.power))),
    folded("Strata", markdownTable(strataTable(forecast))),
    folded("Taken for granted, and the seed", markdownList([...forecast.assumptions, runsText(forecast)])),
  ];
}
