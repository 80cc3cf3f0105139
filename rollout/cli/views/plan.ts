import Table from "cli-table3";
import { errorsOf } from "../../model/problem.ts";
import { hasChanges } from "../../plan/changes.ts";
import type { PlannedRelease, ProductPlan } from "../../plan/product-plan.ts";
import { counted } from "./numbers.ts";
import {
  accessLines,
  callLines,
  gateLines,
  metricLines,
  waveTable,
  wayBackText,
  windowLines,
} from "./planned-release.ts";
import { overrideLines } from "./overrides.ts";
import { renderProblems } from "./problems.ts";

/** A plan for people: what would change, wave by wave, what the gate will ask, what speaks against it. */
export function renderPlan(plan: ProductPlan): string {
  const { product, changes, release, overrides, problems, digest } = plan;
  const isQuiet = !hasChanges(changes) && problems.length === 0;
  const lines = [
    isQuiet
      ? `${product}: nothing to do, the fleet is as declared`
      : `${product}: plan ${digest.slice(0, 12)}`,
  ];
  for (const { kind, version, id, reason } of changes) lines.push(`  ${kind} ${version ?? id}: ${reason}`);
  if (release !== undefined) lines.push(renderRelease(release));
  lines.push(...overrideLines(overrides ?? []).map((line) => `  ${line}`));
  if (problems.length > 0) lines.push(renderProblems(problems));
  return lines.join("\n");
}

/** The last line under several plans. */
export function renderSummary(plans: readonly ProductPlan[]): string {
  const count = (of: (plan: ProductPlan) => boolean): number => plans.filter(of).length;
  const isBlocked = ({ problems }: ProductPlan): boolean => errorsOf(problems).length > 0;
  const problems = plans.flatMap((plan) => plan.problems);
  const errors = errorsOf(problems).length;
  return (
    `${plans.length} products: ${count((plan) => !isBlocked(plan) && hasChanges(plan.changes))} to change, ` +
    `${count((plan) => !isBlocked(plan) && !hasChanges(plan.changes))} as declared, ${count(isBlocked)} blocked ` +
    `(${counted(errors, "error")}, ${counted(problems.length - errors, "warning")})`
  );
}

function renderRelease(planned: PlannedRelease): string {
  const [head = [], ...rows] = waveTable(planned);
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    chars: PLAIN,
  });
  for (const row of rows) table.push([...row]);
  return [
    ...table
      .toString()
      .split("\n")
      .map((line) => line.trimEnd()),
    ...[
      ...windowLines(planned),
      ...gateLines(planned),
      ...metricLines(planned),
      `way back: ${wayBackText(planned)}`,
      ...accessLines(planned),
      ...callLines(planned),
    ].map((line) => `  ${line}`),
  ].join("\n");
}

/** A table without lines: it reads the same in a terminal, a pipe and a pull request. */
const PLAIN = {
  ...{
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
  },
  ...{ left: "  ", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};
