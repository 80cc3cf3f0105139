import { LABEL } from "../model/labels.ts";
import { askCounts, totalOf } from "../model/question.ts";
import type { Intent, RetiredIntent } from "../model/record.ts";
import { countByStratum } from "../plan/queries.ts";
import { MAX_CONDITION } from "../plan/target-condition.ts";
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
  const { observation } = input;
  const intents = observation.store?.head?.record.intents ?? [];
  const settled = intents.findLast(({ state }) => state === "settled");
  if (settled === undefined) return undefined;
  const below = intents.filter(({ priority }) => priority < settled.priority);
  const previous = below.findLast(({ state }) => state === "settled");
  for (const intent of below) {
    if (intent === previous || !mayRetire(input, intent, previous !== undefined)) continue;
    const hanging = devicesHanging(input, intent, [settled, ...(previous === undefined ? [] : [previous])]);
    if (typeof hanging === "object") return hanging;
    if (hanging !== 0) continue;
    const { attempt, version, digest, priority, created } = intent;
    const retired: RetiredIntent = {
      state: "retired",
      attempt,
      version,
      digest,
      condition: "",
      priority,
      created,
      retiredAt: observation.at,
    };
    const reason = `no device falls back to ${version} any more`;
    return nextRecord(input, { kind: "retire", subject: attempt, changed: [retired], reason });
  }
  return undefined;
}

function mayRetire({ observation }: StepInput, intent: Intent, hasPrevious: boolean): boolean {
  switch (intent.state) {
    case "settled":
    case "superseded":
    case "halted":
      return true;
    case "rolled back":
      return observation.store?.tombstones.has(intent.digest) === true;
    case "adopted":
      // What devices left the factory with stays as long as nothing newer stands between.
      return hasPrevious;
    case "running":
    case "held":
    case "watching":
    case "rolling back":
    case "retired":
      return false;
  }
}

/** Devices under a condition that no other of these configurations would catch. */
function devicesHanging(
  { observation }: StepInput,
  intent: Intent,
  catching: readonly Intent[],
): number | "unknown" | Extract<Step, { kind: "ask" }> {
  if (intent.condition === "") return 0;
  const others = catching.map(({ condition }) => `(${condition})`).join(" OR ");
  const caught = `(${intent.condition}) AND (${others})`;
  if (caught.length > MAX_CONDITION) return "unknown";
  const counts = askCounts(observation.answers, {
    all: countByStratum(intent.condition),
    caught: countByStratum(caught),
  });
  if (counts.kind === "ask") return { kind: "ask", questions: counts.questions };
  if (counts.kind === "failed") return "unknown";
  return totalOf(counts.value.all) - totalOf(counts.value.caught);
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
