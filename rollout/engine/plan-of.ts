import type { Asked } from "../model/question.ts";
import { planProduct } from "../plan/plan-product.ts";
import type { ProductPlan } from "../plan/product-plan.ts";
import { reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";

/** The plan of what was observed: the one that people are shown, and the one that a start obeys. */
export function planOf(input: StepInput & { readonly lookEveryMs?: number | undefined }): Asked<ProductPlan> {
  const { declared, observation, deciding, lookEveryMs } = input;
  const { store, answers } = observation;
  return planProduct(declared, {
    intents: store?.head?.record.intents ?? [],
    hubs: reachedHubs(observation),
    answers,
    tombstones: store?.tombstones ?? new Set(),
    stopIds: store?.stopIds ?? new Set(),
    imageBase: deciding.imageBase,
    lookEveryMs,
  });
}
