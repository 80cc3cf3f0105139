import { adoptStops } from "./adopt-stops.ts";
import { alignRefs } from "./align-refs.ts";
import { checkOut, goneConfigurations, isTreeClean, markHead } from "./checkout.ts";
import { copyStops } from "./copy-stops.ts";
import { decide } from "./decide.ts";
import { renewAccess } from "./image-access.ts";
import { foreignEdit } from "./foreign-edit.ts";
import { gateStop } from "./gate-stop.ts";
import { judge, type Judgement } from "./judge.ts";
import { listingsOf } from "./found.ts";
import type { StepInput } from "./observation.ts";
import { judgeWithoutRecord } from "./judge-without-record.ts";
import { held } from "./status.ts";
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
  const blind = judgeBlindly(input);
  // What could be read may suffice to stop; the rest is asked only when it does not.
  const stop = gateStop(input, [...judgements, ...blind.judgements]) ?? copyStops(input);
  if (stop !== undefined) return { step: stop, judgements };
  const open = [...questions, ...blind.questions];
  if (open.length > 0) return { step: { kind: "ask", questions: open }, judgements };
  const repairing = repair(input);
  if (repairing !== undefined && repairing.kind !== "wait") return { step: repairing, judgements };
  // A way back needs keys too, whatever is wrong with the records.
  const step = renewAccess(input) ?? repairing ?? decide(input, judgements);
  return { step, judgements };
}

/** While the head record cannot be read, releases are judged by what stands on the hubs: to be stopped, nothing else. */
function judgeBlindly({ declared, deciding, observation }: StepInput): ReturnType<typeof judgeWithoutRecord> {
  if (observation.store?.head !== undefined) return { judgements: [], questions: [] };
  const exposing = listingsOf(observation)
    .flatMap(({ configurations }) => configurations)
    .filter(({ condition }) => condition !== "");
  const configurations = [...new Map(exposing.map((one) => [one.id, one])).values()];
  const { at, answers } = observation;
  return judgeWithoutRecord({ declared, deciding, at, answers, configurations });
}

/** What has to be put right before anything is decided; a `wait`: it cannot be put right from here. */
export function repair(input: StepInput): Step | undefined {
  const { hubs, store } = input.observation;
  if (store === undefined)
    return held("the record store does not answer or cannot be read: stops work, nothing widens", false);
  // Narrowing needs one hub, widening all of them.
  const silent = hubs.filter(({ listing }) => listing === undefined).map(({ name }) => name);
  if (silent.length > 0)
    return held(`${silent.join(", ")} cannot be reached: stops work, nothing widens`, false);
  const step = alignRefs(input) ?? adoptStops(input) ?? foreignEdit(input) ?? checkOut(input);
  if (step !== undefined) return step;
  const mark = markHead(input);
  if (mark !== undefined || isTreeClean(input)) return mark;
  const gone = goneConfigurations(input);
  return gone.length > 0
    ? held(`REF_LOST: a configuration was deleted, ${gone.join(", ")}; nothing widens until it is restored`)
    : held(
        "the hub differs from the head record, and this checkout lacks the release: nothing widens from here",
      );
}
