import type { AttemptId } from "../model/attempt.ts";
import { isoInstant } from "../model/instant.ts";
import { withoutRecordedSlots } from "../model/labels.ts";
import { withIntent, type Intent, type RecordKind, type RolloutRecord } from "../model/record.ts";
import { InvariantError } from "../model/problem.ts";
import { reachedHubs, refOf } from "./found.ts";
import type { JudgedRecord } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import type { RefMove, Step } from "./step.ts";

/** What a record says beyond its place in the chain. */
export interface Decided {
  readonly kind: RecordKind;
  readonly subject: AttemptId;
  /** Intents that become others. */
  readonly changed?: readonly Intent[];
  /** Attempts of which nothing is wanted any more. */
  readonly dropped?: readonly AttemptId[];
  readonly actor?: string;
  readonly reason: string;
  /** What the gate said, where a gate decided. */
  readonly decidedBy?: JudgedRecord;
  /** Stops that are taken into the chain. */
  readonly stops?: RolloutRecord["stops"];
}

/** The step that stores a decision and moves every ref to it, by the etags of the listings that decided it. */
export function nextRecord(input: StepInput, decided: Decided): Extract<Step, { kind: "record" }> {
  const { declared, observation, deciding } = input;
  const head = observation.store?.head;
  if (head === undefined) throw new InvariantError("a decision without a head to stand on");
  const { kind, subject, changed = [], dropped = [], actor, reason, decidedBy, stops = [] } = decided;
  return {
    kind: "record",
    record: {
      schemaVersion: 1,
      product: declared.product,
      parent: head.digest,
      kind,
      at: isoInstant(observation.at),
      actor: actor ?? deciding.actor,
      reason,
      subject,
      intents: changed
        .reduce<readonly Intent[]>(withIntent, head.record.intents)
        .filter(({ attempt }) => !dropped.includes(attempt)),
      stops,
      ...decidedBy,
    },
    refs: refMoves(input, new Set(stops.map(({ id }) => id))),
  };
}

/** How every ref moves: slots whose stops are in the chain have done their work. */
function refMoves({ declared, observation }: StepInput, adopted: ReadonlySet<string>): readonly RefMove[] {
  const recorded = new Set([...(observation.store?.stopIds ?? []), ...adopted]);
  return reachedHubs(observation).map(({ name, listing }) => {
    const ref = refOf(listing, declared.product);
    if (ref === undefined) throw new InvariantError(`a decision without a ref on ${name}`);
    return { hub: name, create: false, labels: withoutRecordedSlots(ref.labels, recorded), etag: ref.etag };
  });
}
