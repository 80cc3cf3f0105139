import { shortEvidence } from "../model/evidence.ts";
import type { Asked } from "../model/question.ts";
import type { Change, ProductPlan } from "../plan/product-plan.ts";
import { planProduct } from "../plan/plan-product.ts";
import type { RiskFacts } from "../plan/risks/risk-facts.ts";
import { overrideStandings } from "./declared-overrides.ts";
import { reachedHubs } from "./found.ts";
import { judge } from "./judge.ts";
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
  const plan = planProduct(declared, {
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
    at: observation.at,
  });
  if (plan.kind !== "known" || (declared.overrides ?? []).length === 0) return plan;
  return { kind: "known", value: withOverrides(plan.value, input) };
}

/** The plan with what becomes of the override files: which of them fits, the gate's verdict says. */
function withOverrides(plan: ProductPlan, input: StepInput): ProductPlan {
  const overrides = overrideStandings(input, judge(input).judgements);
  const intents = input.observation.store?.head?.record.intents ?? [];
  const due = overrides.flatMap(({ state, version, wave, evidence, file }): Change[] => {
    const intent = intents.findLast((one) => one.version === version);
    if (state !== "due" || intent === undefined) return [];
    const reason = `lets wave "${wave}" on although its gate holds, on evidence ${shortEvidence(evidence)} (${file})`;
    return [{ kind: "override", id: intent.attempt, version, due: true, reason }];
  });
  return { ...plan, overrides, changes: [...due, ...plan.changes] };
}
