import { LABEL, headOf } from "../model/labels.ts";
import { isoInstant } from "../model/instant.ts";
import { adoptStops } from "./adopt-stops.ts";
import { checkOut, isTreeClean } from "./checkout.ts";
import { copyStops } from "./copy-stops.ts";
import { decide } from "./decide.ts";
import { foreignEdit } from "./foreign-edit.ts";
import { refOf } from "./found.ts";
import { gateStop } from "./gate-stop.ts";
import { judge, type Judgement } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** The step, and what was judged on the way to it. */
export interface Decision {
  readonly step: Step;
  readonly judgements: readonly Judgement[];
}

/**
 * The first thing to do about one product [protocol §3, 5]: stops before everything, repairs before decisions, narrowing
 * before widening. Total and deterministic: the same observation gives the same step.
 */
export function nextStep(input: StepInput): Decision {
  const { judgements, questions } = judge(input);
  // What could be read may suffice to stop; the rest is asked only when it does not.
  const stop = gateStop(input, judgements) ?? copyStops(input);
  if (stop !== undefined) return { step: stop, judgements };
  if (questions.length > 0) return { step: { kind: "ask", questions }, judgements };
  return { step: repair(input) ?? decide(input, judgements), judgements };
}

/** What has to be put right before anything is decided; a `wait`: it cannot be put right from here. */
export function repair(input: StepInput): Step | undefined {
  const { store } = input.observation;
  if (store === undefined) {
    const text = "the record store does not answer or cannot be read: stops work, nothing widens";
    return { kind: "wait", status: { phase: "held", attempt: undefined, text, needsPerson: false } };
  }
  const broken = refTrouble(input);
  if (broken !== undefined) return broken;
  const step = adoptStops(input) ?? foreignEdit(input) ?? checkOut(input);
  if (step !== undefined) return step;
  return isTreeClean(input)
    ? undefined
    : held(
        "the hub differs from the head record, and this checkout lacks the release: nothing widens from here",
      );
}

/** [protocol §3, 5.4] What the ref, the chain and the taken mark say about each other. */
function refTrouble({ declared, observation, deciding }: StepInput): Step | undefined {
  const { listing, store, at } = observation;
  const { product } = declared;
  const ref = refOf(listing, product);
  if (ref === undefined) {
    const known =
      store?.taken !== undefined ||
      listing.configurations.some(({ labels }) => labels[LABEL.product] === product);
    if (known)
      return held(`REF_LOST: the ref of ${product} was deleted; nothing widens until it is restored`);
    return {
      kind: "record",
      record: {
        schemaVersion: 1,
        product,
        parent: null,
        kind: "create",
        at: isoInstant(at),
        actor: deciding.actor,
        reason: `first seen`,
        subject: null,
        intents: [],
        stops: [],
      },
      ref: { create: true },
    };
  }
  if (store?.head === undefined) {
    return held(
      `RECORD_BROKEN: the chain of ${headOf(ref.labels)?.slice(0, 12) ?? "an unnamed head"} is not complete in the record store`,
    );
  }
  if (store.takenIs === "ahead")
    return held("REF_REWOUND: the hub went back to an earlier state; nothing widens");
  if (store.takenIs === "elsewhere")
    return held("REF_REWOUND: the hub's head is not in the line of the one it had; nothing widens");
  return undefined;
}

function held(text: string): Step {
  return { kind: "wait", status: { phase: "held", attempt: undefined, text, needsPerson: true } };
}
