import { documentOf, type Configuration, type ConfigurationDocument } from "../model/configuration.ts";
import { sha256Hex } from "../model/digest.ts";
import { LABEL, slotOf, withoutSlots } from "../model/labels.ts";
import { isAborted, type Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { certified } from "../plan/documents.ts";
import { intendedCondition } from "../plan/intended-condition.ts";
import { configurationOf, reachedHubs } from "./found.ts";
import type { ReachedHub, StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** A configuration that differs from what the head record wants of it. */
interface Difference {
  readonly hub: ReachedHub;
  readonly intent: Intent;
  readonly found: Configuration;
  readonly document: ConfigurationDocument;
}

/**
 * [protocol §3, 5.7] Make the release configurations of every hub match the head record: narrowing first, then the taken
 * marks, then widening. Held and superseded releases keep what is found: they may only shrink. Widening needs the
 * release's own file, unchanged: an old checkout may stop things, never widen them.
 */
export function checkOut(input: StepInput): Step | undefined {
  const { store } = input.observation;
  const head = store?.head;
  if (head === undefined) return undefined;
  const differing = differences(input);
  const narrowing = differing.filter(({ document }) => document.condition === "");
  if (narrowing.length > 0) return writes(narrowing);
  const widening = differing.filter(({ intent }) => intent.state === "adopted" || isDeclared(input, intent));
  if (widening.length === 0) return undefined;
  return markHead(input) ?? writes(widening);
}

/**
 * Note the head in the store for every hub that has no mark of it: before anything widens by it, and when somebody died
 * between a record and its marks, since a hub that is restored remembers only what is marked.
 */
export function markHead({ observation }: StepInput): Step | undefined {
  const { store } = observation;
  const head = store?.head?.digest;
  if (head === undefined) return undefined;
  const hubs = reachedHubs(observation)
    .map(({ name }) => name)
    .filter((name) => store?.refs.get(name)?.taken !== head);
  return hubs.length === 0 ? undefined : { kind: "mark", hubs, head };
}

/** States in which a deleted configuration leaves nothing to do. */
const MAY_BE_GONE: readonly Intent["state"][] = ["settled", "held", "superseded", "halted", "retired"];

/** True when no configuration differs from the head's intent: only then may the head move. */
export function isTreeClean(input: StepInput): boolean {
  return goneConfigurations(input).length === 0 && differences(input).length === 0;
}

/** Configurations that the head needs and that a person has deleted, with the hub they are gone from. */
export function goneConfigurations({ observation }: StepInput): readonly string[] {
  const intents = observation.store?.head?.record.intents ?? [];
  return intents
    .filter((intent) => !isAborted(intent) && !MAY_BE_GONE.includes(intent.state))
    .flatMap((intent) =>
      reachedHubs(observation)
        .filter((hub) => configurationOf(hub, intent) === undefined)
        .map(({ name }) => `${intent.attempt} on ${name}`),
    );
}

/** True when the release of an intent is declared, with the same content. */
export function isDeclared({ declared }: Pick<StepInput, "declared">, intent: Intent): boolean {
  return declared.releases.some(({ release }) => digestOfRelease(release) === intent.digest);
}

function differences({ observation }: StepInput): readonly Difference[] {
  const intents = observation.store?.head?.record.intents ?? [];
  return intents.flatMap((intent) =>
    reachedHubs(observation).flatMap((hub): Difference[] => {
      const found = configurationOf(hub, intent);
      const document = found === undefined ? undefined : wanted(intent, found);
      return found === undefined || document === undefined ? [] : [{ hub, intent, found, document }];
    }),
  );
}

function writes(differing: readonly Difference[]): Step {
  const all = differing.map(({ hub, intent, found, document }) => {
    const what =
      document.condition === "" ? `empty ${intent.attempt}` : `expose ${intent.attempt} as recorded`;
    return { hub: hub.name, document, etag: found.etag, why: `${what} on ${hub.name}` };
  });
  return { kind: "write", writes: all, why: all.map(({ why }) => why).join("; ") };
}

function wanted(intent: Intent, found: Configuration): ConfigurationDocument | undefined {
  const condition = intendedCondition(intent);
  if (condition === undefined) return undefined;
  if (intent.state === "retired") {
    const isDone = found.condition === "" && found.labels[LABEL.retired] === "yes";
    const labels = { ...found.labels, [LABEL.retired]: "yes" };
    return isDone ? undefined : certified({ ...documentOf(found), condition: "", labels });
  }
  const resumed = !isAborted(intent) && slotOf(found.labels, intent.attempt) !== undefined;
  if (found.condition === condition && !resumed) return undefined;
  const labels = {
    ...(resumed ? withoutSlots(found.labels) : found.labels),
    ...(condition === "" ? {} : { [LABEL.exposed]: sha256Hex(condition) }),
  };
  return certified({ ...documentOf(found), condition, labels });
}
