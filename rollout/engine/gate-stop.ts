import { findConfiguration } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import type { Gate } from "../model/gate.ts";
import { isRolledOut } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { makeStop } from "../model/stop.ts";
import { hasBaseline } from "./baseline-below.ts";
import { listingsOf } from "./found.ts";
import type { Judgement } from "./judge.ts";
import type { JudgedWithoutRecord } from "./judge-without-record.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { nextStopWrite } from "./stops.ts";

/**
 * [protocol §3, 5.1] The gate's abort is a stop like any other: it acts first and is recorded afterwards. Where the gate
 * says so, or where nothing stands below the release to go back to, it is a halt: devices stay where they are.
 */
export function gateStop(
  input: StepInput,
  judgements: readonly (Judgement | JudgedWithoutRecord)[],
): Step | undefined {
  const { declared, observation, deciding } = input;
  const listings = listingsOf(observation);
  const onAbort = ({ digest }: { readonly digest: string }): Gate["onAbort"] | undefined =>
    observation.store?.head?.record.intents.filter(isRolledOut).find((intent) => intent.digest === digest)
      ?.release.gate.onAbort ??
    declared.releases.find(({ release }) => digestOfRelease(release) === digest)?.release.gate.onAbort;
  for (const judgement of judgements) {
    if (judgement.kind === "unanswered" || judgement.verdict.kind !== "abort") continue;
    const { intent, verdict } = judgement;
    if (deciding.unstoppable?.has(intent.attempt) === true) continue;
    const canGoBack = listings.every((listing) => {
      const own = findConfiguration(listing, intent.attempt);
      return own === undefined || hasBaseline(listing, declared.product, own);
    });
    const stop = makeStop({
      kind: onAbort(intent) === "halt" || !canGoBack ? "halt" : "abort",
      attempt: intent.attempt,
      release: intent.digest,
      actor: "gate",
      at: isoInstant(observation.at),
      reason: `${canGoBack ? "" : "NO_BASELINE: "}${verdict.reasons[0]?.text ?? "the gate stopped it"}`,
      nonce: deciding.nonce,
    });
    const stands = listings.every(
      (listing) => nextStopWrite(listing, { product: declared.product, stop }) === undefined,
    );
    // Nothing left to write: the stop stands everywhere and waits to be recorded.
    if (!stands) return { kind: "stop", stop, why: stop.reason };
  }
  return undefined;
}
