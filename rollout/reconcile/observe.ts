import { overrideStandings } from "../engine/declared-overrides.ts";
import { judge, type Judgement } from "../engine/judge.ts";
import { nextStep } from "../engine/next-step.ts";
import type { HubView, Observation } from "../engine/observation.ts";
import { planOf } from "../engine/plan-of.ts";
import type { Status, Step } from "../engine/step.ts";
import type { Answer, Asked } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";
import type { OverrideStanding, ProductPlan } from "../plan/product-plan.ts";
import type { RiskFacts } from "../plan/risks/risk-facts.ts";
import { answer } from "./answer.ts";
import { decidingWith } from "./deciding.ts";
import { listHubs } from "./list-hubs.ts";
import { pastReleases } from "./past-releases.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { readStore } from "./store-view.ts";

/** One product, looked at without touching anything. */
export interface Observed {
  readonly observation: Observation;
  readonly judgements: readonly Judgement[];
  /** Override files, and what becomes of them. */
  readonly overrides: readonly OverrideStanding[];
  /** What the next run would wait for; absent when it would act. */
  readonly next: Status | undefined;
  readonly plan: Asked<ProductPlan>;
}

/** Asks in a row after which a plan that still wants to know something is a bug. */
const ASKS = 8;

/** Look at one product and work out its plan. Reads only. */
export async function observeProduct(
  declared: Declared,
  ports: Pick<ReconcilePorts, "hubs" | "records" | "images" | "clock" | "metrics"> & {
    readonly settings: { readonly queryLag: number; readonly lookEvery?: number };
    /** The hubs, listed a moment ago for another product; default: they are listed now. */
    readonly seen?: readonly HubView[];
    /** Configurations that the products planned before this one create. */
    readonly others?: number;
    /** True for people who weigh a release: warnings that cost two counts and the looks of earlier releases; default: none. */
    readonly advice?: boolean;
  },
): Promise<Observed> {
  const { records, images, clock } = ports;
  const hubs = ports.seen ?? (await listHubs(ports.hubs));
  // Whole milliseconds: a scaled clock gives fractions, and labels and records hold instants as text.
  const at = Math.floor(clock.now());
  const store = await readStore({ records, product: declared.product, hubs });
  const answers = new Map<string, Answer>();
  const observation: Observation = { at, hubs, store, answers };
  const deciding = decidingWith(ports, { queryLagMs: ports.settings.queryLag });
  const stepInput = { declared, observation, deciding };
  const lookEveryMs = ports.settings.lookEvery;
  const risks = ports.advice === true ? await riskFacts(declared, observation, ports) : undefined;
  for (let asks = 0; ; asks++) {
    const plan = planOf({ ...stepInput, lookEveryMs, others: ports.others, risks });
    const { judgements, questions: counts } = judge(stepInput);
    const { step } = nextStep(stepInput);
    const questions = [
      ...(plan.kind === "ask" ? plan.questions : []),
      ...counts,
      ...(step.kind === "ask" ? step.questions : []),
    ];
    if (questions.length === 0 || asks >= ASKS) {
      const overrides = overrideStandings(stepInput, judgements);
      return { observation, judgements, overrides, plan, next: nextOf(step) };
    }
    // All at once, each once: the hub's port keeps the pace.
    const fresh = new Map(questions.map((question) => [question.id, question]));
    await Promise.all(
      [...fresh.values()].map(async (question) => {
        const asked = { hubs: ports.hubs, seen: hubs, images, metrics: ports.metrics };
        answers.set(question.id, await answer(question, asked));
      }),
    );
  }
}

async function riskFacts(
  { product, fleet }: Declared,
  { at, store }: Observation,
  {
    records,
    settings,
  }: Pick<ReconcilePorts, "records"> & {
    readonly settings: { readonly queryLag: number; readonly lookEvery?: number };
  },
): Promise<RiskFacts> {
  const history = await pastReleases(product, store?.head?.record.intents ?? [], records);
  return {
    now: at,
    lookEveryMs: settings.lookEvery ?? 0,
    queryLagMs: settings.queryLag,
    history,
    site: fleet.products[product]?.site,
  };
}

/** What the next run would wait for; absent when it would act. */
export function nextOf(step: Step): Status | undefined {
  if (step.kind === "wait") return step.status;
  if (step.kind !== "blocked") return undefined;
  const text = step.problems.map(({ code, path, summary }) => `${code}: ${path}: ${summary}`).join("; ");
  return { phase: "held", attempt: undefined, text: `blocked, nothing widens: ${text}`, needsPerson: true };
}
