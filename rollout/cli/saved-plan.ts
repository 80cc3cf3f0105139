import { reachedHubs } from "../engine/found.ts";
import type { Observation } from "../engine/observation.ts";
import { WavegateError } from "../model/problem.ts";
import { basisChanges, basisOf } from "../plan/basis.ts";
import type { Asked } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";
import { movedCounts, waveCounts } from "../plan/moved-counts.ts";
import type { ProductPlan } from "../plan/product-plan.ts";
import type { SavedPlan } from "./plan-file.ts";

/** Refuse a saved plan whose product, head, configurations or releases are not what they were. */
export function admitPlan(saved: SavedPlan, declared: Declared, observation: Observation): void {
  // What would start follows from the rest.
  const now = basisOf(declared, reachedHubs(observation), saved.basis.starts ?? undefined);
  refuse(saved, basisChanges(saved.basis, now));
}

/** The same by a whole plan made now; returns the counts that moved, which are no reason to refuse it. */
export function comparePlan(saved: SavedPlan, now: ProductPlan): readonly string[] {
  refuse(saved, basisChanges(saved.basis, now.basis));
  return movedCounts(saved.counts, waveCounts(now));
}

function refuse({ product, digest }: SavedPlan, changes: readonly string[]): void {
  if (changes.length === 0) return;
  throw new WavegateError(
    "PLAN_STALE",
    `plan ${digest.slice(0, 12)} of ${product} stands on what has changed since: ${changes.join("; ")}`,
    { hint: "look at what changed and plan again: wavegate plan --out FILE" },
  );
}

/** What to say where a plan could not be made. */
export function noPlan(product: string, asked: Exclude<Asked<unknown>, { kind: "known" }>): WavegateError {
  const why = asked.kind === "failed" ? asked.reason : "it kept asking";
  return new WavegateError("HUB_FAILED", `no plan for ${product}: ${why}`, { hint: "run the command again" });
}
