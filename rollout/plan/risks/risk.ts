import type { Problem } from "../../model/problem.ts";
import type { PlannedWave, SizedRelease } from "../product-plan.ts";

/** What a plan for people knows beside the release and the fleet. */
export interface RiskFacts {
  /** Epoch ms. */
  readonly now: number;
  /** Time between two looks, ms. */
  readonly lookEveryMs: number;
  /** How long the hub's queries may lag behind the twins, ms. */
  readonly queryLagMs: number;
  /** How earlier releases of the product went that were not taken back, newest first. */
  readonly history: readonly PastRelease[];
  /** Tag that names a device's site, where the fleet declares one. */
  readonly site?: string | undefined;
}

/** A release that is over, by its last look. */
export interface PastRelease {
  readonly version: string;
  /** Devices that failed, of those that made contact. */
  readonly failed: number;
  readonly contacted: number;
}

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
