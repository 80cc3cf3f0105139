import type { AttemptId } from "../model/attempt.ts";
import { isoInstant } from "../model/instant.ts";
import { withIntent, type Intent, type RecordKind } from "../model/record.ts";
import { InvariantError } from "../model/problem.ts";
import { refOf } from "./found.ts";
import type { JudgedRecord } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** The step that stores a decision and moves the ref to it, by the etag of the listing that decided it. */
export function nextRecord(
  { declared, observation, deciding }: StepInput,
  decision: {
    readonly kind: RecordKind;
    readonly subject: AttemptId;
    readonly changed: readonly Intent[];
    readonly reason: string;
    /** What the gate said, where a gate decided. */
    readonly decidedBy?: JudgedRecord;
  },
): Step {
  const head = observation.store?.head;
  const ref = refOf(observation.listing, declared.product);
  if (head === undefined || ref === undefined)
    throw new InvariantError("a decision without a head to stand on");
  const { kind, subject, changed, reason, decidedBy } = decision;
  return {
    kind: "record",
    record: {
      schemaVersion: 1,
      product: declared.product,
      parent: head.digest,
      kind,
      at: isoInstant(observation.at),
      actor: deciding.actor,
      reason,
      subject,
      intents: changed.reduce<readonly Intent[]>(withIntent, head.record.intents),
      stops: [],
      ...decidedBy,
    },
    ref: { create: false, labels: ref.labels, etag: ref.etag },
  };
}
