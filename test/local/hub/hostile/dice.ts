import { seededChance } from "../../../../local/hub/seeded-chance.ts";

/** Choices that a seed determines. */
export interface Dice {
  /** A whole number from 0 and under `end`. */
  readonly below: (end: number) => number;
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item;
  readonly chance: (share: number) => boolean;
  readonly bytes: (length: number) => Buffer;
}

/** Dice from a seed. */
export function createDice(seed: number): Dice {
  const next = seededChance(seed);
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    chance: (share) => next() < share,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}
