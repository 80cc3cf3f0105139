import { checkRest } from "./at-rest.ts";
import {
  capsAfterEdit,
  capsAfterFailOver,
  capsAfterRefMove,
  capsAfterWrite,
  forgetVanished,
} from "./caps.ts";
import type { Effect } from "./effect.ts";
import { checkGrowth } from "./growth.ts";
import { checkMark } from "./marks.ts";
import { checkRefWrite } from "./ref-writes.ts";
import { checkSlots } from "./slots.ts";
import {
  certifiedMask,
  copyOf,
  emptyMemory,
  headOf,
  isRef,
  slotsOf,
  type Memory,
  type Surroundings,
} from "./state.ts";

/** A second opinion: it sees effects alone, and says which of them the protocol forbids. */
export interface Oracle {
  /** Told of every effect, as it happens. */
  saw(effect: Effect): void;
  /** Sentences, one for each rule that was broken so far. */
  readonly broken: readonly string[];
  /** What is wrong when everything has come to rest. */
  atRest(): readonly string[];
  readonly memory: Memory;
  fork(): Oracle;
}

/** An oracle that has seen nothing yet. */
export function createOracle(around: Surroundings): Oracle {
  return oracleOf(emptyMemory(around.hubs), around);
}

function oracleOf(memory: Memory, around: Surroundings): Oracle {
  return {
    memory,
    broken: memory.broken,
    saw: (effect) => {
      watch(memory, around, effect);
    },
    atRest: () => checkRest(memory, around),
    fork: () => oracleOf(copyOf(memory), around),
  };
}

function watch(memory: Memory, around: Surroundings, effect: Effect): void {
  switch (effect.on) {
    case "store":
      if (effect.what === "record") memory.records.set(effect.digest, effect.record);
      else if (effect.what === "tombstone") memory.tombstones.add(effect.release);
      else checkMark(memory, effect);
      return;
    case "fail-over": {
      const hub = memory.hubs[effect.hub]!;
      hub.documents.clear();
      memory.byHand.add(effect.hub);
      for (const document of effect.configurations) hub.documents.set(document.id, document);
      for (const document of effect.configurations)
        hub.certified.set(document.id, certifiedMask(memory, effect.hub, document) ?? 0);
      capsAfterFailOver(memory, effect.hub);
      return;
    }
    case "hub":
      if (effect.by === "person") watchPerson(memory, around, effect);
      else watchOurs(memory, around, effect);
  }
}

type HubEffect = Extract<Effect, { readonly on: "hub" }>;

function watchPerson(memory: Memory, around: Surroundings, effect: HubEffect): void {
  if (effect.before?.labels["wg-adopted"] === "yes") memory.byHand.add(effect.hub);
  place(memory, effect);
  if (!isRef(effect.id)) capsAfterEdit(memory, around, effect);
  forgetVanished(memory);
}

function watchOurs(memory: Memory, around: Surroundings, effect: HubEffect): void {
  const { before, after, id } = effect;
  // Rules are about what stood there at the instant of the write.
  if (isRef(id)) checkRefWrite(memory, effect);
  else checkGrowth(memory, around, effect);
  checkSlots(memory, effect);
  for (const { id: stop, attempt, kind } of slotsOf(after))
    if (!memory.stops.has(stop)) memory.stops.set(stop, { attempt, kind });
  place(memory, effect);
  if (isRef(id)) {
    const head = headOf(after);
    if (head !== undefined) memory.hubs[effect.hub]!.heads.add(head);
    if (head !== headOf(before)) capsAfterRefMove(memory, around, effect.hub);
  } else capsAfterWrite(memory, around, effect);
}

function place(memory: Memory, { hub, id, after }: HubEffect): void {
  const { documents } = memory.hubs[hub]!;
  if (after === undefined) documents.delete(id);
  else documents.set(id, after);
}
