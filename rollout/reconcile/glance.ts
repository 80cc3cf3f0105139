import { judge } from "../engine/judge.ts";
import { nextStep } from "../engine/next-step.ts";
import type { HubView, Observation } from "../engine/observation.ts";
import type { Answer } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";
import { answer } from "./answer.ts";
import { nextOf } from "./observe.ts";
import type { Seen } from "./overview.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { readStore } from "./store-view.ts";

/** Rounds of counts: all that is judged, then what a taking back has left. */
const ASKS = 3;

/**
 * One product on a listing that was made for all of them: the counts of a look, and nothing more. What a decision would
 * ask beyond them (the size of a wave, an image) is left to whoever decides. Reads only: the look is not kept.
 */
export async function glanceAt(
  declared: Declared,
  listed: { readonly hubs: readonly HubView[]; readonly at: number },
  ports: Pick<ReconcilePorts, "hubs" | "records" | "images"> & {
    readonly settings: { readonly queryLag: number };
  },
  /** Told of each thing asked. */
  asked: (kind: "count" | "tally") => void,
): Promise<Seen> {
  const { images, records } = ports;
  const store = await readStore({ records, product: declared.product, hubs: listed.hubs });
  const answers = new Map<string, Answer>();
  const observation: Observation = { ...listed, store, answers };
  const deciding = { actor: "", imageBase: images.base, queryLagMs: ports.settings.queryLag, nonce: "" };
  const isComingBack = store?.head?.record.intents.some(({ state }) => state === "rolling back") === true;
  for (let asks = 0; ; asks++) {
    const { judgements, questions: counts } = judge({ declared, observation, deciding });
    const { step } = nextStep({ declared, observation, deciding });
    const more = isComingBack && step.kind === "ask" ? step.questions : [];
    const questions = [...counts, ...more].filter(
      (question) => !answers.has(question.id) && (question.kind === "count" || question.kind === "tally"),
    );
    if (questions.length === 0 || asks >= ASKS)
      return { declared, observation, judgements, next: nextOf(step) };
    for (const question of questions) {
      if (question.kind === "count" || question.kind === "tally") asked(question.kind);
      answers.set(question.id, await answer(question, { hubs: ports.hubs, seen: listed.hubs, images }));
    }
  }
}
