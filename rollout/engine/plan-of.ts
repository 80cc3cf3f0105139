import type { Asked } from "../model/question.ts";
import { planProduct } from "../plan/plan-product.ts";
import type { RiskFacts } from "../plan/risks/risk-facts.ts";
import type { ProductPlan } from "../plan/product-plan.ts";
import { reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";

/** The plan of what was observed: the one that people are shown, and the one that a start obeys. */
export function planOf(
  input: StepInput & {
    readonly lookEveryMs?: number | undefined;
    /** Configurations that other products, planned together with this one, create. */
    readonly others?: number | undefined;
    /** What warnings are made from; absent: none are. */
    readonly risks?: RiskFacts | undefined;
  },
): Asked<ProductPlan> {
  const { declared, observation, deciding, lookEveryMs } = input;
  const { store, answers } = observation;
  // Without its records a product looks as if it had none.
  if (store === undefined)
    return { kind: "failed", reason: "the record store does not answer or cannot be read" };
  const broken = [...store.refs].find(([, { place }]) => place === "broken" || place === "elsewhere");
  if (broken !== undefined)
    return {
      kind: "failed",
      reason: `RECORD_BROKEN: the records of ${broken[0]} are not complete, or of another line`,
    };
  return planProduct(declared, {
    intents: store.head?.record.intents ?? [],
    hubs: reachedHubs(observation),
    answers,
    tombstones: store.tombstones,
    stopIds: store.stopIds,
    imageBase: deciding.imageBase,
    accessLifeMs: deciding.accessLifeMs,
    lookEveryMs,
    sources: deciding.sources,
    others: input.others,
    risks: input.risks,
  });
}
