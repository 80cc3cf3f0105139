import { errorsOf } from "../model/problem.ts";
import type { ProductPlan } from "../plan/product-plan.ts";
import type { StepInput } from "./observation.ts";
import { planOf } from "./plan-of.ts";
import { held } from "./status.ts";
import type { Step } from "./step.ts";

/** The plan that a start or an adoption obeys; else what is to be asked, waited for or corrected first. */
export function soundPlan(
  input: StepInput,
):
  | Extract<Step, { kind: "ask" | "wait" | "blocked" }>
  | { readonly kind: "sound"; readonly plan: ProductPlan } {
  const plan = planOf(input);
  if (plan.kind === "ask") return plan;
  if (plan.kind === "failed") return held(`the hub did not answer what the plan asks: ${plan.reason}`, false);
  const problems = errorsOf(plan.value.problems);
  return problems.length > 0 ? { kind: "blocked", problems } : { kind: "sound", plan: plan.value };
}
