import { errorsOf, type Code } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import { activeProblems } from "../plan/active-problems.ts";
import { adoptBaseline } from "./adopt-baseline.ts";
import { isDeclared } from "./checkout.ts";
import { recordDeclaredOverride } from "./declared-overrides.ts";
import { finishTakingBack } from "./finish-taking-back.ts";
import { foreignWriters } from "./foreign-writers.ts";
import { accessProblems, dropAccess } from "./image-access.ts";
import type { Judgement } from "./judge.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { carryOn } from "./promote.ts";
import { retire } from "./retire.ts";
import { startRelease } from "./start.ts";
import { statusOf } from "./status.ts";
import type { Step } from "./step.ts";

/**
 * [protocol §3, 5.8] The tree is clean in this listing, so the head may move. In order: finish taking back, settle,
 * adopt, start what is newer, record an override that a file declares, carry the running release on. Problems of the
 * declarations block all that widens.
 */
export function decide(input: StepInput, judgements: readonly Judgement[]): Step {
  const head = input.observation.store?.head;
  const intents = head?.record.intents ?? [];
  const finished = finishTakingBack(input) ?? settle(input);
  if (finished !== undefined) return finished;
  const problems = errorsOf([...input.declared.problems, ...activeProblems(input.declared, intents)]);
  if (problems.length > 0) return { kind: "blocked", problems };
  const started = adoptBaseline(input) ?? startRelease(input);
  // Only retirement makes room on a hub that has as many configurations as it takes.
  if (started !== undefined) return isFull(started) ? (tidyUp(input) ?? started) : started;
  const foreign = foreignWriters(input);
  if (foreign !== undefined) return foreign;
  const lacking = accessProblems(input);
  if (lacking.length > 0 && intents.some(({ state }) => state === "running"))
    return tidyUp(input) ?? { kind: "blocked", problems: lacking };
  const overridden = recordDeclaredOverride(input, judgements);
  if (overridden !== undefined) return overridden;
  for (const judgement of judgements) {
    if (judgement.intent.state !== "running" || !isDeclared(input, judgement.intent)) continue;
    const step = carryOn(input, judgement);
    if (step !== undefined) return step;
  }
  return tidyUp(input) ?? { kind: "wait", status: statusOf(input, judgements) };
}

function isFull(step: Step): boolean {
  // Keys that cannot be given may lack room as well.
  const isRoom = (code: Code): boolean => code === "CONFIG_QUOTA" || code === "ACCESS_MISSING";
  return step.kind === "blocked" && step.problems.every(({ code }) => isRoom(code));
}

/** Delete what nobody needs any more: it grows nothing. */
function tidyUp(input: StepInput): Step | undefined {
  return retire(input) ?? dropAccess(input);
}

/** A completed release whose watch is over is judged no more. */
function settle(input: StepInput): Step | undefined {
  const { at, store } = input.observation;
  const over = store?.head?.record.intents.find(
    (intent): intent is RolloutIntent =>
      intent.state === "watching" && at >= (intent.completedAt ?? at) + intent.release.watchMs,
  );
  if (over === undefined) return undefined;
  const settled = { ...over, state: "settled" as const };
  return nextRecord(input, {
    kind: "settle",
    subject: over.attempt,
    changed: [settled],
    reason: "watched without a stop",
  });
}
