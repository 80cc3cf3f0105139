/** The parts of a twin that a condition or a query may read, each with a bit of its own. */
export const TWIN_PART = { system: 1, tags: 2, desired: 4, reported: 8, configurations: 16 } as const;

/**
 * A part of a twin. "system" is all that belongs to no other, such as status, connectionState, version or etag: any
 * write may change it. Ids never change and are no part.
 */
export type TwinPart = keyof typeof TWIN_PART;

/** Whether the twin is there at all: that matters to every condition, also to one that reads nothing. */
const PRESENCE = 32;

/** The bits of all parts, presence too: for a twin that comes or goes. */
export const EVERY_PART = 63;

/** The bits of some parts that a condition reads; presence is among them. */
export function partBits(parts: Iterable<TwinPart>): number {
  let bits = PRESENCE;
  for (const part of parts) bits |= TWIN_PART[part];
  return bits;
}
