import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { bornDevice, twinOf } from "./simulated-device.ts";

/** Devices of each hub: a set of them is a bit mask, so 30 at most. */
export const DEVICES = 24;
/** Every device of a hub. */
export const EVERYONE = 2 ** DEVICES - 1;

const masks = new Map<string, number>();

/**
 * The devices a condition names on a hub, as a bit mask. Tags and buckets never change here and conditions hold nothing
 * else, so one answer holds for ever.
 */
export function exposureOf(hub: number, condition: string): number {
  const key = `${hub} ${condition}`;
  let mask = masks.get(key);
  if (mask === undefined) {
    const { isTarget } = compileTargetCondition(condition);
    mask = 0;
    for (let index = 0; index < DEVICES; index++)
      if (isTarget(twinOf(bornDevice(hub, index, 0), index))) mask |= 1 << index;
    masks.set(key, mask);
  }
  return mask;
}

/** True when every device of one set is in the other. */
export function isWithin(mask: number, other: number): boolean {
  return (mask & ~other) === 0;
}
