import { isoInstant } from "../model/instant.ts";
import { labelValue } from "../model/label-value.ts";
import { LABEL, slotLabels } from "../model/labels.ts";
import { isAborted, type Intent } from "../model/record.ts";
import { makeStop } from "../model/stop.ts";
import { certified, isCertified } from "../plan/documents.ts";
import { releaseMetrics } from "../plan/queries.ts";
import { both } from "./both.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import type { ReachedHub, StepInput } from "./observation.ts";
import type { HubWrite, Step } from "./step.ts";

/**
 * [protocol §3, 5.6] Somebody edited a configuration outside wavegate. Conditions have no order, so writing ours back
 * could expose devices that were just taken out: what stays is what BOTH name, and the release is held until a person
 * resumes it with a reason.
 */
export function foreignEdit(input: StepInput): Step | undefined {
  const { observation } = input;
  for (const intent of observation.store?.head?.record.intents ?? []) {
    const writes = reachedHubs(observation).flatMap((hub) => answerEdit(input, hub, intent));
    if (writes.length > 0)
      return { kind: "write", writes, why: `hold ${intent.attempt}: it was edited outside wavegate` };
  }
  return undefined;
}

/** Narrow and hold a release on the hub where somebody edited it; empty: nobody did. */
export function answerEdit(
  { declared, observation, deciding }: StepInput,
  hub: ReachedHub,
  intent: Intent,
): readonly HubWrite[] {
  const found = configurationOf(hub, intent);
  if (found === undefined || isCertified(found)) return [];
  const stop = makeStop({
    kind: "hold",
    attempt: intent.attempt,
    release: intent.digest,
    actor: "unknown (portal)",
    at: isoInstant(observation.at),
    reason: "edited outside wavegate",
    nonce: deciding.nonce,
  });
  const document = certified({
    ...found,
    condition: isAborted(intent) ? "" : both(found.condition, intent.condition),
    priority: intent.priority,
    metrics: releaseMetrics(
      declared.product,
      intent.attempt,
      intent.state === "adopted" ? intent.where : undefined,
    ),
    labels: {
      ...found.labels,
      // Labels can be edited too; without these nobody would find the release again.
      [LABEL.kind]: "release",
      [LABEL.product]: declared.product,
      [LABEL.version]: labelValue(intent.version),
      [LABEL.release]: intent.digest,
      ...(intent.state === "adopted" ? { [LABEL.adopted]: "yes" } : slotLabels(stop)),
      ...(intent.state === "adopted" && intent.where !== undefined ? { [LABEL.where]: "yes" } : {}),
    },
  });
  return [{ hub: hub.name, document, etag: found.etag, why: `hold ${intent.attempt} on ${hub.name}` }];
}
