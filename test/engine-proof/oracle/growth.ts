import type { Effect } from "./effect.ts";
import { chainOf, headOf, refOf, slotsOf, type Memory, type Surroundings } from "./state.ts";

type HubEffect = Extract<Effect, { readonly on: "hub" }>;

/** Kinds of records by which a release may be exposed to more devices. */
const WIDENING = ["start", "promote", "widen"];

/** [protocol §4, 1-3] Exposure that grows by our own hand. */
export function checkGrowth(memory: Memory, around: Surroundings, effect: HubEffect): void {
  const { hub: number, id, before, after } = effect;
  const hub = memory.hubs[number]!;
  if (after === undefined) {
    checkRemoval(memory, around, effect);
    return;
  }
  const mask = around.exposureOf(number, after.condition);
  const old = before === undefined ? 0 : around.exposureOf(number, before.condition);
  const grown = mask & ~old;
  const say = (what: string): void => {
    memory.broken.push(`${what} (${id} on hub${number}: ${old.toString(2)} -> ${mask.toString(2)})`);
  };
  if (before === undefined && after.condition !== "") say("3: a create exposed devices");
  if (grown === 0) return;
  if (after.labels["wg-adopted"] === "yes") {
    if ((grown & ~takenBackOn(memory, around, number)) !== 0)
      say("1: a baseline was given devices that no aborted release gives up");
    return;
  }
  const head = headOf(refOf(hub));
  const chain = chainOf(memory, head);
  if (chain === undefined) say("1: exposure grew without a complete chain");
  else {
    const intent = chain[0]?.intents.find(({ attempt }) => attempt === id);
    if (intent === undefined || (mask & ~around.exposureOf(number, intent.condition)) !== 0)
      say("1: exposure grew beyond the head's intent at that instant");
    else if (intent.state !== "running" && intent.state !== "watching")
      say(`2: exposure grew although the head says ${intent.state}`);
    const allowed = chain
      .filter(({ kind, subject }) => subject === id && WIDENING.includes(kind))
      .flatMap(({ intents }) => intents.filter(({ attempt }) => attempt === id));
    if (!allowed.some(({ condition }) => (mask & ~around.exposureOf(number, condition)) === 0))
      say("1: exposure grew by no start, promote or widen of the chain");
    if (memory.marks.get(number) !== head) say("12: exposure grew by a head that is not marked as taken");
  }
  for (const cap of hub.caps.get(id) ?? [])
    if ((mask & ~cap.mask) !== 0) say(`2: exposure grew after a ${cap.kind} without a resume`);
}

/** We delete what the head calls retired, empty, and nothing else. */
function checkRemoval(memory: Memory, around: Surroundings, { hub: number, id, before }: HubEffect): void {
  const head = chainOf(memory, headOf(refOf(memory.hubs[number]!)))?.[0];
  if (before !== undefined && around.exposureOf(number, before.condition) !== 0)
    memory.broken.push(`3: ${id} was deleted on hub${number} while it exposed devices`);
  if (head?.intents.find(({ attempt }) => attempt === id)?.state !== "retired")
    memory.broken.push(`3: ${id} was deleted on hub${number} and the head does not call it retired`);
}

/**
 * Devices that releases under an abort give up, and a baseline may be given: those they still name, those we ever exposed to
 * them on this hub, and, of one that a person deleted, those that the chain names.
 */
function takenBackOn(memory: Memory, around: Surroundings, number: number): number {
  const hub = memory.hubs[number]!;
  const aborted = [...hub.documents.values()]
    .flatMap((document) => slotsOf(document))
    .filter(({ kind }) => kind === "abort")
    .map(({ attempt }) => attempt);
  return aborted.reduce((mask, attempt) => {
    const found = hub.documents.get(attempt);
    const named = (chainOf(memory, headOf(refOf(hub))) ?? [])
      .flatMap(({ intents }) => intents.filter((intent) => intent.attempt === attempt))
      .map(({ condition }) => around.exposureOf(number, condition));
    const given = found === undefined ? named : [around.exposureOf(number, found.condition)];
    return given.reduce((all, one) => all | one, mask | (hub.exposed.get(attempt) ?? 0));
  }, 0);
}
