import type { Problem } from "../../model/problem.ts";
import type { PlannedWave, SizedRelease } from "../product-plan.ts";
import type { RiskFacts } from "./risk-facts.ts";

/** What a rule of the lint sees. */
export interface RiskInput {
  readonly planned: SizedRelease;
  readonly facts: RiskFacts;
}

/** A rule: what nothing forbids and yet speaks against a release on this fleet, with numbers and a way to mend it. */
export type RiskRule = (input: RiskInput) => readonly Problem[];

/** A warning about one wave of a release. */
export function waveRisk(
  { file }: Pick<SizedRelease, "file">,
  { name }: Pick<PlannedWave, "name">,
  problem: Pick<Problem, "code" | "summary" | "hint">,
): Problem {
  return { severity: "warning", path: `${file}: waves: ${name}`, ...problem };
}

/** A warning about a field of the gate. */
export function gateRisk(
  { file }: Pick<SizedRelease, "file">,
  field: string,
  problem: Pick<Problem, "code" | "summary" | "hint">,
): Problem {
  return { severity: "warning", path: `${file}: gate: ${field}`, ...problem };
}
