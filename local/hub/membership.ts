import { createBitSet, type BitSet } from "./bit-set.ts";
import type { Configuration } from "./configuration.ts";
import type { TableChanges } from "./device-table.ts";
import type { Device } from "./device.ts";
import { partBits } from "./twin-part.ts";

/** Records by slot, and what changed among them since the last run. */
export interface ChangedSlots {
  readonly slots: readonly (Device | undefined)[];
  readonly changed: TableChanges;
}

/** Who meets the target condition of which configuration, kept from run to run. */
export interface Membership {
  /**
   * Bring it up to date: a condition that changed is asked of every device, the others of the devices that changed in a
   * part they read. Returns the slots for which the answers, or the order of the configurations, are not what they were.
   */
  readonly update: (ranked: readonly Configuration[], now: ChangedSlots) => BitSet;
  /** The members of each configuration, in the order of the last update. */
  readonly members: () => readonly BitSet[];
}

interface Answered {
  readonly text: string;
  readonly priority: number;
  readonly bits: BitSet;
}

/** A membership that has asked nobody yet. */
export function createMembership(): Membership {
  let answered = new Map<number, Answered>();
  let members: readonly BitSet[] = [];
  return {
    update: (ranked, { slots, changed }) => {
      const affected = createBitSet();
      const affect = (slot: number): void => void affected.set(slot, true);
      const before = answered;
      answered = new Map(
        ranked.map(({ generation, targetCondition: text, priority }) => [
          generation,
          { text, priority, bits: before.get(generation)?.bits ?? createBitSet() },
        ]),
      );
      for (const [generation, { bits, priority }] of before) {
        const now = answered.get(generation);
        if (now === undefined || now.priority !== priority) bits.forEach(affect);
      }
      for (const configuration of ranked) {
        const { bits, text } = answered.get(configuration.generation) ?? { bits: createBitSet(), text: "" };
        const isNew = before.get(configuration.generation)?.text !== text;
        ask(configuration, { bits, slots, changed: isNew ? undefined : changed, affect });
      }
      members = ranked.map(({ generation }) => answered.get(generation)?.bits ?? createBitSet());
      return affected;
    },
    members: () => members,
  };
}

function ask(
  { target }: Configuration,
  about: {
    readonly bits: BitSet;
    readonly slots: readonly (Device | undefined)[];
    /** Undefined: everybody is asked. */
    readonly changed: TableChanges | undefined;
    readonly affect: (slot: number) => void;
  },
): void {
  const { bits, slots, changed, affect } = about;
  const { isTarget } = target;
  const askOne = (slot: number): void => {
    const device = slots[slot];
    if (bits.set(slot, device !== undefined && isTarget(device) === true)) affect(slot);
  };
  if (changed === undefined) {
    for (let slot = 1; slot < slots.length; slot++) askOne(slot);
    return;
  }
  const reads = partBits(target.reads);
  for (const [index, slot] of changed.slots.entries()) {
    if (((changed.parts[index] ?? 0) & reads) !== 0) askOne(slot);
  }
}
