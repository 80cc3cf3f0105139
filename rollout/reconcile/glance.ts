import { overrideStandings } from "../engine/declared-overrides.ts";
import { judge } from "../engine/judge.ts";
import { nextStep } from "../engine/next-step.ts";
import type { HubView, Observation } from "../engine/observation.ts";
import type { Answer } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";
import { answerAll } from "./answer.ts";
import { decidingWith } from "./deciding.ts";
import { nextOf } from "./observe.ts";
import type { SeenProduct } from "./overview.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { readStore } from "./store-view.ts";

/** Rounds of counts: all that is judged, its metrics, then what a taking back has left. */
const ASKS = 4;

/**
 * One product on a listing that was made for all of them: the counts of a look, and nothing more. What a decision would
 * ask beyond them (the size of a wave, an image) is left to whoever decides. Reads only: the look is not kept.
 */
export async function glanceAt(
  declared: Declared,
  listed: { readonly hubs: readonly HubView[]; readonly at: number },
  ports: Pick<ReconcilePorts, "hubs" | "records" | "images" | "metrics"> & {
    readonly settings: { readonly queryLag: number };
  },
  /** Told of each thing asked. */
  asked: (kind: "count" | "tally") => void,
): Promise<SeenProduct> {
  const { images, records, metrics } = ports;
  const store = await readStore({ records, product: declared.product, hubs: listed.hubs });
  const answers = new Map<string, Answer>();
  const observation: Observation = { ...listed, store, answers };
  const deciding = decidingWith(ports, { queryLagMs: ports.settings.queryLag });
  const input = { declared, observation, deciding };
  const isComingBack = store?.head?.record.intents.some(({ state }) => state === "rolling back") === true;
  for (let asks = 0; ; asks++) {
    const { judgements, questions: counts } = judge(input);
    const { step } = nextStep(input);
    const more = isComingBack && step.kind === "ask" ? step.questions : [];
    const questions = [...counts, ...more].filter(
      ({ id, kind }) => !answers.has(id) && (kind === "count" || kind === "tally" || kind === "metric"),
    );
    if (questions.length === 0 || asks >= ASKS) {
      const overrides = overrideStandings(input, judgements);
      return { declared, observation, judgements, overrides, next: nextOf(step) };
    }
    for (const { kind } of questions) if (kind === "count" || kind === "tally") asked(kind);
    await answerAll(questions, answers, { hubs: ports.hubs, seen: listed.hubs, images, metrics });
  }
}
