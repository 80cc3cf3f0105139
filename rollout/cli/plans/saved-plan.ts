import { reachedHubs } from "../../engine/found.ts";
import type { Observation } from "../../engine/observation.ts";
import { WavegateError } from "../../model/problem.ts";
import { basisChanges, basisOf } from "../../plan/basis.ts";
import type { Declared } from "../../plan/declared.ts";
import { movedCounts, waveCounts } from "../../plan/moved-counts.ts";
import type { ProductPlan } from "../../plan/product-plan.ts";
import type { Observed } from "../../reconcile/observe.ts";
import type { SavedPlan } from "./plan-file.ts";

/** Refuse a saved plan whose product, head, configurations or releases are not what they were. */
export function admitPlan(saved: SavedPlan, declared: Declared, observation: Observation): void {
  // What would start follows from the rest.
  const { at, store } = observation;
  const intents = store?.head?.record.intents ?? [];
  const now = basisOf(
    declared,
    { hubs: reachedHubs(observation), intents, at },
    saved.basis.starts ?? undefined,
  );
  refuse(saved, basisChanges(saved.basis, now, at));
}

/** The same by a whole plan made now (epoch ms); returns the counts that moved, which are no reason to refuse it. */
export function comparePlan(saved: SavedPlan, now: ProductPlan, at: number): readonly string[] {
  refuse(saved, basisChanges(saved.basis, now.basis, at));
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

/** The plan of what was observed; where there is none, why. */
export function planIn({ observation, plan }: Observed, product: string): ProductPlan {
  if (plan.kind === "known") return plan.value;
  const why = plan.kind === "failed" ? plan.reason : "it kept asking";
  const code =
    observation.store === undefined
      ? "RECORD_STORE_FAILED"
      : why.startsWith("RECORD_BROKEN")
        ? "RECORD_BROKEN"
        : "HUB_FAILED";
  const hint =
    code === "RECORD_BROKEN"
      ? `see which record is missing: wavegate history ${product}`
      : "run the command again";
  throw new WavegateError(code, `no plan for ${product}: ${why}`, { hint });
}
