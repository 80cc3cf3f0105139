import { isoInstant } from "../model/instant.ts";
import { LABEL, labelValue, slotLabels } from "../model/labels.ts";
import { isAborted } from "../model/record.ts";
import { makeStop } from "../model/stop.ts";
import { certified, isCertified } from "../plan/documents.ts";
import { releaseMetrics } from "../plan/queries.ts";
import { MAX_CONDITION } from "../plan/target-condition.ts";
import { configurationOf } from "./found.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/**
 * [protocol §3, 5.6] Somebody edited a configuration outside wavegate. Conditions have no order, so writing ours back
 * could expose devices that were just taken out: what stays is what BOTH name, and the release is held until a person
 * resumes it with a reason.
 */
export function foreignEdit({ declared, observation, deciding }: StepInput): Step | undefined {
  for (const intent of observation.store?.head?.record.intents ?? []) {
    const found = configurationOf(observation, intent);
    if (found === undefined || isCertified(found)) continue;
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
    return {
      kind: "write",
      document,
      etag: found.etag,
      why: `hold ${intent.attempt}: it was edited outside wavegate`,
    };
  }
  return undefined;
}

/** Devices that both conditions name; nobody, when that cannot be said in the space there is. */
function both(found: string, intended: string): string {
  if (found === "" || intended === "") return "";
  if (found === "*" || found === intended) return intended;
  const text = `(${found}) AND (${intended})`;
  return text.length <= MAX_CONDITION ? text : "";
}
