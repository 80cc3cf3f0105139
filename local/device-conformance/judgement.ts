import { RULES, type RuleName } from "./rules.ts";
import type { ScenarioResult } from "./run.ts";

/** What the scenarios say of one rule. */
export interface Judgement {
  /** Its number in the table. */
  readonly number: number;
  readonly name: RuleName;
  readonly says: string;
  readonly law: string;
  readonly result: "kept" | "broken" | "not tested";
  /** Of a broken rule: what each scenario expected and did not see. */
  readonly faults: readonly { readonly scenario: string; readonly expected: string }[];
  /** Of a rule that was kept: in how many scenarios it was looked at. */
  readonly looks: number;
  /** Why it was not looked at, in all scenarios or in some. */
  readonly untested: readonly { readonly scenario: string; readonly why: string }[];
}

/** Whether no rule was seen broken, and some were seen at all. */
export function isKept(judgements: readonly Judgement[]): boolean {
  return judgements.some(({ looks }) => looks > 0) && judgements.every(({ result }) => result !== "broken");
}

/** Judge every rule. Nothing that was not seen to be kept is: a rule nobody looked at is not tested. */
export function judge(results: readonly ScenarioResult[]): readonly Judgement[] {
  return RULES.map(({ name, says, law }, index) => {
    const found = results.flatMap(({ scenario, findings }) =>
      findings
        .filter(({ rule }) => rule === name)
        .map((finding) => ({ ...finding, scenario: scenario.name })),
    );
    const faults = found
      .filter(({ isKept }) => !isKept)
      .map(({ scenario, expected }) => ({ scenario, expected }));
    const untested = results.flatMap(({ scenario, untested: skipped }) =>
      skipped.filter(({ rule }) => rule === name).map(({ why }) => ({ scenario: scenario.name, why })),
    );
    return {
      ...{ number: index + 1, name, says, law, faults, untested },
      looks: new Set(found.map(({ scenario }) => scenario)).size,
      result: faults.length > 0 ? "broken" : found.length > 0 ? "kept" : "not tested",
    };
  });
}
