import Table from "cli-table3";
import { isKept, type Judgement } from "./judgement.ts";
import type { ScenarioResult } from "./run.ts";

/** Widths of the table: 100 columns with its borders. */
const WIDTHS = [6, 18, 12, 60];
/** Lines of evidence a scenario gets on a screen; the JSON has them all. */
const LINES_SHOWN = 40;

/** What a person reads: the table, and for each scenario with a fault what happened in it. */
export function humanView(judgements: readonly Judgement[], results: readonly ScenarioResult[]): string {
  const table = new Table({
    head: ["rule", "", "result", "what was seen"],
    colWidths: WIDTHS,
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const judgement of judgements.filter(wasChosen))
    table.push([judgement.number, judgement.name, judgement.result, seen(judgement)]);
  const broken = judgements.filter(({ result }) => result === "broken");
  const guilty = new Set(broken.flatMap(({ faults }) => faults.map(({ scenario }) => scenario)));
  const stories = results.filter(({ scenario }) => guilty.has(scenario.name)).map(storyOf);
  return [table.toString(), ...broken.map(lawOf), ...stories, summary(judgements)].join("\n\n");
}

/** What a program reads. */
export function jsonView(judgements: readonly Judgement[], results: readonly ScenarioResult[]): object {
  return {
    schemaVersion: 1,
    kept: isKept(judgements),
    rules: judgements,
    scenarios: results.map(({ scenario, findings, untested, evidence, seconds }) => ({
      name: scenario.name,
      story: scenario.story,
      ...{ findings, untested, evidence, seconds },
    })),
  };
}

/** One line about a scenario that has ended. */
export function progressLine({ scenario, findings, untested, seconds }: ScenarioResult): string {
  const faults = [...new Set(findings.filter(({ isKept }) => !isKept).map(({ rule }) => rule))];
  if (findings.length === 0) return `skip    ${scenario.name}: ${untested[0]?.why ?? "nothing to look at"}`;
  const words = faults.length === 0 ? "kept  " : "broken";
  return `${words}  ${scenario.name} (${seconds.toFixed(1)} s)${faults.length === 0 ? "" : `: ${faults.join(", ")}`}`;
}

/** With `--only`, rules that nothing chosen looks at are left out. */
function wasChosen({ looks, untested }: Judgement): boolean {
  return looks > 0 || untested.length > 0;
}

function seen({ says, result, faults, looks, untested }: Judgement): string {
  switch (result) {
    case "kept": {
      const but =
        untested.length === 0 ? "" : `; not in ${untested.map(({ scenario }) => scenario).join(", ")}`;
      return `${says} (${looks} ${looks === 1 ? "scenario" : "scenarios"}${but})`;
    }
    case "broken":
      return faults
        .slice(0, 3)
        .map(({ scenario, expected }) => `${scenario}: expected ${expected}`)
        .join("\n");
    case "not tested":
      return untested[0]?.why ?? "";
  }
}

function lawOf({ number, name, law }: Judgement): string {
  return `Rule ${number}, ${name}. docs/device.md: "${law}"`;
}

function storyOf({ scenario, findings, evidence }: ScenarioResult): string {
  const faults = findings.filter(({ isKept }) => !isKept);
  const left = evidence.length - LINES_SHOWN;
  return [
    `${scenario.name}: ${scenario.story}`,
    ...faults.map(({ rule, expected }) => `  expected (${rule}): ${expected}`),
    ...evidence.slice(0, LINES_SHOWN).map((line) => `  ${line}`),
    ...(left > 0 ? [`  ... ${left} lines more with --json`] : []),
  ].join("\n");
}

function summary(judgements: readonly Judgement[]): string {
  const count = (result: Judgement["result"]): number =>
    judgements.filter((judgement) => judgement.result === result).length;
  return `${judgements.length} rules: ${count("kept")} kept, ${count("broken")} broken, ${count("not tested")} not tested\n`;
}
