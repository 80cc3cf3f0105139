import { documentOf, type Configuration } from "../model/configuration.ts";
import { slotOf, withoutSlots } from "../model/labels.ts";
import { isAborted, type Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { certified } from "../plan/documents.ts";
import { configurationOf } from "./found.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/**
 * [protocol §3, 5.7] Make the release configurations match the head record: narrowing first, then the taken mark, then
 * widening. Held and superseded releases keep what is found: they may only shrink. Widening needs the release's own
 * file, unchanged: an old checkout may stop things, never widen them.
 */
export function checkOut(input: StepInput): Step | undefined {
  const { observation } = input;
  const { store } = observation;
  const head = store?.head;
  if (head === undefined) return undefined;
  const differing = head.record.intents.flatMap((intent) => {
    const found = configurationOf(observation, intent);
    const document = found === undefined ? undefined : wanted(intent, found);
    return found === undefined || document === undefined ? [] : [{ intent, found, document }];
  });
  const narrowing = differing.find(({ document }) => document.condition === "");
  const next = narrowing ?? differing[0];
  if (next === undefined) return undefined;
  const { intent, found, document } = next;
  if (narrowing === undefined) {
    if (intent.state !== "adopted" && !isDeclared(input, intent)) return undefined;
    if (store?.taken !== head.digest) return { kind: "mark", head: head.digest };
  }
  const why = document.condition === "" ? `empty ${intent.attempt}` : `expose ${intent.attempt} as recorded`;
  return { kind: "write", document, etag: found.etag, why };
}

/** States in which a deleted configuration leaves nothing to do. */
const MAY_BE_GONE: readonly Intent["state"][] = ["settled", "held", "superseded", "halted"];

/**
 * States in which a configuration keeps what is found: what is held, halted or superseded may only shrink, and an adopted
 * baseline is widened by stops alone.
 */
const KEEPS_FOUND: readonly Intent["state"][] = ["held", "halted", "superseded", "adopted"];

/** True when no configuration differs from the head's intent: only then may the head move. */
export function isTreeClean({ observation }: StepInput): boolean {
  const intents = observation.store?.head?.record.intents ?? [];
  return intents.every((intent) => {
    const found = configurationOf(observation, intent);
    if (found === undefined) return isAborted(intent) || MAY_BE_GONE.includes(intent.state);
    return wanted(intent, found) === undefined;
  });
}

/** True when the release of an intent is declared, with the same content. */
export function isDeclared({ declared }: Pick<StepInput, "declared">, intent: Intent): boolean {
  return declared.releases.some(({ release }) => digestOfRelease(release) === intent.digest);
}

function wanted(intent: Intent, found: Configuration): ReturnType<typeof documentOf> | undefined {
  if (KEEPS_FOUND.includes(intent.state)) return undefined;
  const condition = isAborted(intent) ? "" : intent.condition;
  const resumed = !isAborted(intent) && slotOf(found.labels, intent.attempt) !== undefined;
  if (found.condition === condition && !resumed) return undefined;
  const labels = resumed ? withoutSlots(found.labels) : found.labels;
  return certified({ ...documentOf(found), condition, labels });
}
