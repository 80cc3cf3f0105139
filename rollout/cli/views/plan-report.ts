import type { Forecast } from "../../forecast/forecast.ts";
import { withThousands } from "../../gate/format-evidence.ts";
import { errorsOf, type Problem } from "../../model/problem.ts";
import { totalOf } from "../../model/question.ts";
import { hasChanges } from "../../plan/changes.ts";
import type { OverrideStanding, PlannedRelease, ProductPlan } from "../../plan/product-plan.ts";
import { forecastDetails } from "./forecast-markdown.ts";
import { curveTable, expectedLine, riskText } from "./forecast-tables.ts";
import { asText, markdownList, markdownTable } from "./markdown.ts";
import { mermaidCurve } from "./mermaid-curve.ts";
import { counted } from "./numbers.ts";
import { overrideLines } from "./overrides.ts";
import {
  accessLines,
  callLines,
  gateLines,
  metricLines,
  waveTable,
  wayBackText,
  windowLines,
} from "./planned-release.ts";
import { detail, fitted, open, type Part } from "./report-parts.ts";

/** What a pull request is told. */
export interface PlanReport {
  readonly plans: readonly ProductPlan[];
  /** Of the releases that would start; empty: none would, or nobody asked for a forecast. */
  readonly forecasts: readonly Forecast[];
  /** Of declarations that no plan could be made from. */
  readonly problems: readonly Problem[];
}

/** Stands at the head of a report, so that the same comment is found again and updated. */
export const REPORT_MARK = "<!-- wavegate plan -->";
/** Characters that GitHub takes in a comment. */
export const COMMENT_LIMIT = 65_536;
/** Some are left for whoever adds a line. */
const LONGEST = 65_000;

/**
 * A plan for a pull request, as GitHub Flavored Markdown: what it risks in one sentence, what would change, the waves, the
 * way back, what speaks against it, the forecast and its picture; details are closed. Where all of it is too long, details
 * are left out, the last first, and the report says so.
 */
export function planReport(
  report: PlanReport,
  { picture = mermaidCurve, longest = LONGEST }: ReportStyle = {},
): string {
  const parts = [
    open(REPORT_MARK),
    ...(report.plans.length === 0
      ? [open("## Nothing can be planned"), ...problemParts(report.problems)]
      : report.plans.flatMap((plan) => productParts(plan, forecastOf(report, plan), picture))),
  ];
  return fitted(parts, longest);
}

/** Digests of the plans that a report shows. */
export function reportedDigests(report: string): readonly string[] {
  return [...report.matchAll(/<sub>Plan ([0-9a-f]{64}) of what the hub held/g)].map(
    ([, digest = ""]) => digest,
  );
}

/** How a report is drawn. */
export interface ReportStyle {
  /** The curve of a forecast. */
  readonly picture?: (forecast: Forecast) => string;
  /** Characters. */
  readonly longest?: number;
}

function productParts(
  plan: ProductPlan,
  forecast: Forecast | undefined,
  picture: (forecast: Forecast) => string,
): readonly Part[] {
  const { changes, release, overrides = [], problems, digest } = plan;
  const due = changes.filter((change) => change.due);
  const kept = changes.filter((change) => !change.due);
  const changeText = ({ kind, version, id, reason }: (typeof changes)[number]): string =>
    `${kind} ${version ?? id}: ${reason}`;
  return [
    open(`## ${asText(title(plan))}`),
    open(`**${asText(risk(plan, forecast))}**`),
    ...(due.length === 0 ? [] : [open(`### Changes\n\n${markdownList(due.map(changeText))}`)]),
    ...(overrides.length === 0
      ? []
      : [open(`### Override files\n\n${markdownList(overrideLines(overrides))}`)]),
    ...problemParts(problems),
    ...(release === undefined ? [] : releaseParts(release)),
    ...(forecast === undefined ? [] : forecastParts(forecast, picture)),
    ...(kept.length === 0 ? [] : [detail("What waits or stays", markdownList(kept.map(changeText)))]),
    open(
      `<sub>Plan ${digest} of what the hub held when it was made; apply does what was reviewed, or nothing.</sub>`,
    ),
  ];
}

function title({ product, release, changes, problems }: ProductPlan): string {
  if (release !== undefined) return `${product} ${release.release.version}`;
  if (errorsOf(problems).length > 0) return `${product}: blocked`;
  return hasChanges(changes) ? product : `${product}: nothing to do`;
}

/** What a reviewer has to know, in one sentence. */
function risk(plan: ProductPlan, forecast: Forecast | undefined): string {
  const { release, problems, changes, overrides = [] } = plan;
  const errors = errorsOf(problems).length;
  const warnings = problems.length - errors;
  const worries = `${overrideRisk(overrides)}${warnings === 0 ? "" : ` ${counted(warnings, "warning")} below.`}`;
  if (errors > 0)
    return `Blocked by ${counted(errors, "error")}: nothing would be done until they are gone.${worries}`;
  if (release === undefined)
    return hasChanges(changes) || overrides.some(isOpen)
      ? `No release would start.${worries}`
      : `The fleet is as declared.${worries}`;
  const { waves } = release;
  const whom = `${withThousands(totalOf(release.devices))} devices in ${counted(waves.length, "wave")}`;
  return forecast === undefined
    ? `Would reach ${whom}.${worries}`
    : `Would reach ${whom}. Forecast: ${riskText(forecast)}${worries}`;
}

function isOpen({ state }: OverrideStanding): boolean {
  return state === "due" || state === "waiting";
}

/** Override files widen exposure: those that may still do so are named ahead of everything. */
function overrideRisk(overrides: readonly OverrideStanding[]): string {
  return overrides
    .filter(isOpen)
    .map(({ version, wave, state }) =>
      state === "due"
        ? ` Overrides the gate of wave "${wave}" of ${version}: it holds, and the wave goes on.`
        : ` May override the gate of wave "${wave}" of ${version}.`,
    )
    .join("");
}

function problemParts(problems: readonly Problem[]): readonly Part[] {
  const list = (which: readonly Problem[]): string =>
    which
      .map(
        ({ code, path, summary, hint }) =>
          `- \`${code}\` ${asText(path)}\n  ${asText(summary)}\n  *Next:* ${asText(hint)}`,
      )
      .join("\n");
  const errors = errorsOf(problems);
  const warnings = problems.filter(({ severity }) => severity === "warning");
  return [
    ...(errors.length === 0 ? [] : [open(`### Errors\n\n${list(errors)}`)]),
    ...(warnings.length === 0 ? [] : [open(`### Warnings\n\n${list(warnings)}`)]),
  ];
}

function releaseParts(release: PlannedRelease): readonly Part[] {
  // The price has a part of its own: a comment is narrow.
  const withoutPrice = (cells: readonly string[]): readonly string[] => cells.slice(0, 7);
  const [head = [], ...rows] = waveTable(release);
  const traffic = rows.flatMap(([name = "", ...cells]) =>
    cells[6] === undefined ? [] : [`${name}: ${cells[6]}`],
  );
  const costs = [...traffic, ...accessLines(release), ...callLines(release)];
  return [
    open(`### Waves\n\n${markdownTable([head, ...rows].map(withoutPrice))}`),
    open(`**Way back:** ${asText(wayBackText(release))}`),
    detail("Gate", markdownList([...gateLines(release), ...metricLines(release), ...windowLines(release)])),
    ...(costs.length === 0 ? [] : [detail("Traffic and cost", markdownList(costs))]),
  ];
}

function forecastParts(forecast: Forecast, picture: (forecast: Forecast) => string): readonly Part[] {
  return [
    open(`### Forecast${forecast.before === undefined ? "" : ": before → after"}`),
    open(picture(forecast)),
    open(markdownTable(curveTable(forecast, { bars: false }))),
    open(asText(expectedLine(forecast))),
    ...forecastDetails(forecast).map((text) => ({ text, isDetail: true })),
  ];
}

function forecastOf({ forecasts }: PlanReport, { product, release }: ProductPlan): Forecast | undefined {
  return forecasts.find(
    (forecast) => forecast.product === product && forecast.version === release?.release.version,
  );
}
