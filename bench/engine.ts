import type { Figure } from "./figure.ts";
import { measureCalls } from "./engine/calls.ts";
import { measureSevenDays } from "./engine/seven-days.ts";

const SIZES = ["1000", "100000", "1000000"];

/** What a rollout's controller asks of its hub, counted by the hub: by size of the fleet, by waves, and in a week. */
export async function measure(args: readonly string[]): Promise<readonly Figure[]> {
  const sizes = (args.length === 0 ? SIZES : args).map((text) => {
    const size = Number(text);
    // Fewer prove nothing to an evidence wave.
    if (!Number.isInteger(size) || size < 1000)
      throw new RangeError(`${JSON.stringify(text)} is no number of devices from 1,000 on`);
    return size;
  });
  return [...(await measureSevenDays()), ...(await measureCalls(sizes))];
}
