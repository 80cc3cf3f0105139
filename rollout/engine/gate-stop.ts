import { isoInstant } from "../model/instant.ts";
import { makeStop } from "../model/stop.ts";
import { listingsOf } from "./found.ts";
import type { Judgement } from "./judge.ts";
import type { JudgedWithoutRecord } from "./storeless-intents.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { nextStopWrite } from "./stops.ts";

/** [protocol §3, 5.1] The gate's abort is a stop like any other: it acts first and is recorded afterwards. */
export function gateStop(
  input: StepInput,
  judgements: readonly (Judgement | JudgedWithoutRecord)[],
): Step | undefined {
  const { declared, observation, deciding } = input;
  for (const judgement of judgements) {
    if (judgement.kind === "unanswered" || judgement.verdict.kind !== "abort") continue;
    const { intent, verdict } = judgement;
    const stop = makeStop({
      kind: "abort",
      attempt: intent.attempt,
      release: intent.digest,
      actor: "gate",
      at: isoInstant(observation.at),
      reason: verdict.reasons[0]?.text ?? "the gate stopped it",
      nonce: deciding.nonce,
    });
    const stands = listingsOf(observation).every(
      (listing) => nextStopWrite(listing, declared.product, stop) === undefined,
    );
    // Nothing left to write: the stop stands everywhere and waits to be recorded.
    if (!stands) return { kind: "stop", stop, why: stop.reason };
  }
  return undefined;
}
