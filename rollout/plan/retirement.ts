import { askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import type { Intent } from "../model/record.ts";
import { countByStratum } from "./queries.ts";
import { MAX_CONDITION } from "./target-condition.ts";

/** What may be retired as far as the records tell, oldest first, and the releases that would catch its devices. */
export interface Retirable {
  readonly intent: Intent;
  readonly catching: readonly Intent[];
}

/**
 * What stands behind a settled release and may go once no device hangs on it. The release below the settled one always
 * stays; an aborted one stays until its tombstone stands.
 */
export function retirable(intents: readonly Intent[], tombstones: ReadonlySet<string>): readonly Retirable[] {
  const settled = intents.findLast(({ state }) => state === "settled");
  if (settled === undefined) return [];
  const below = intents.filter(({ priority }) => priority < settled.priority);
  const previous = below.findLast(({ state }) => state === "settled");
  const catching = [settled, ...(previous === undefined ? [] : [previous])];
  return below
    .filter((intent) => intent !== previous && mayRetire(intent, tombstones, previous !== undefined))
    .map((intent) => ({ intent, catching }));
}

/** The first of them that no device hangs on; one whose devices cannot be counted stays. */
export function nextToRetire(
  intents: readonly Intent[],
  tombstones: ReadonlySet<string>,
  answers: Answers,
): Asked<Intent | undefined> {
  for (const one of retirable(intents, tombstones)) {
    const hanging = devicesHanging(one, answers);
    if (typeof hanging === "object") return hanging;
    if (hanging === 0) return { kind: "known", value: one.intent };
  }
  return { kind: "known", value: undefined };
}

function mayRetire(intent: Intent, tombstones: ReadonlySet<string>, hasPrevious: boolean): boolean {
  switch (intent.state) {
    case "settled":
    case "superseded":
    case "halted":
      return true;
    case "rolled back":
      return tombstones.has(intent.digest);
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

/** Devices under a condition that none of the catching ones names. */
function devicesHanging(
  { intent, catching }: Retirable,
  answers: Answers,
): number | "unknown" | Extract<Asked<never>, { kind: "ask" }> {
  if (intent.condition === "") return 0;
  const others = catching.map(({ condition }) => `(${condition})`).join(" OR ");
  const caught = `(${intent.condition}) AND (${others})`;
  if (caught.length > MAX_CONDITION) return "unknown";
  const counts = askCounts(answers, {
    all: countByStratum(intent.condition),
    caught: countByStratum(caught),
  });
  if (counts.kind === "ask") return counts;
  if (counts.kind === "failed") return "unknown";
  return totalOf(counts.value.all) - totalOf(counts.value.caught);
}
