import { findConfiguration } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { makeStop } from "../model/stop.ts";
import type { Judgement } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { hasBaseline, nextStopWrite } from "./stops.ts";

/**
 * [protocol §3, 5.1] The gate's abort is a stop like any other: it acts first and is recorded afterwards. Where the gate
 * says so, or where nothing stands below the release to go back to, it is a halt: devices stay where they are.
 */
export function gateStop(input: StepInput, judgements: readonly Judgement[]): Step | undefined {
  const { declared, observation, deciding } = input;
  for (const judgement of judgements) {
    if (judgement.kind !== "judged" || judgement.verdict.kind !== "abort") continue;
    const { intent, verdict } = judgement;
    const own = findConfiguration(observation.listing, intent.attempt);
    const canGoBack = own === undefined || hasBaseline(observation.listing, declared.product, own);
    const stop = makeStop({
      kind: intent.release.gate.onAbort === "halt" || !canGoBack ? "halt" : "abort",
      attempt: intent.attempt,
      release: intent.digest,
      actor: "gate",
      at: isoInstant(observation.at),
      reason: `${canGoBack ? "" : "NO_BASELINE: "}${verdict.reasons[0]?.text ?? "the gate stopped it"}`,
      nonce: deciding.nonce,
    });
    const write = nextStopWrite(observation.listing, declared.product, stop);
    // Nothing left to write: the stop stands everywhere and waits to be recorded.
    if (write !== undefined) return { kind: "stop", stop, why: stop.reason };
  }
  return undefined;
}
