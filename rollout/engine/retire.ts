import { LABEL } from "../model/labels.ts";
import type { RetiredIntent } from "../model/record.ts";
import { nextToRetire } from "../plan/retirement.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** Time between emptying a configuration and deleting it: whoever wrote it meanwhile is seen. */
const GRACE_MS = 60 * 60_000;

/**
 * Clean up behind a settled release, in two steps: what nobody falls back to any more is emptied and labelled, and in a
 * later run deleted by the etag of then. The release below the settled one always stays; an aborted one stays until its
 * tombstone stands. Counts prove that no device hangs on it.
 */
export function retire(input: StepInput): Step | undefined {
  return removeRetired(input) ?? retireNext(input);
}

function retireNext(input: StepInput): Step | undefined {
  const { store, answers, at } = input.observation;
  const next = nextToRetire(store?.head?.record.intents ?? [], store?.tombstones ?? new Set(), answers);
  if (next.kind === "ask") return next;
  if (next.kind === "failed" || next.value === undefined) return undefined;
  const { attempt, version, digest, priority, created } = next.value;
  const retired: RetiredIntent = {
    state: "retired",
    attempt,
    version,
    digest,
    condition: "",
    priority,
    created,
    retiredAt: at,
  };
  const reason = `no device falls back to ${version} any more`;
  return nextRecord(input, { kind: "retire", subject: attempt, changed: [retired], reason });
}

/** Delete what was emptied a while ago and still is: the very configuration, by its etag. */
function removeRetired({ observation }: StepInput): Step | undefined {
  const removals = (observation.store?.head?.record.intents ?? []).flatMap((intent) => {
    if (intent.state !== "retired" || observation.at < intent.retiredAt + GRACE_MS) return [];
    return reachedHubs(observation).flatMap((hub) => {
      const found = configurationOf(hub, intent);
      return found?.condition === "" && found.labels[LABEL.retired] === "yes"
        ? [{ hub: hub.name, id: found.id, etag: found.etag }]
        : [];
    });
  });
  if (removals.length === 0) return undefined;
  const names = [...new Set(removals.map(({ id }) => id))].join(", ");
  return { kind: "remove", removals, why: `delete ${names}, which nobody falls back to any more` };
}
