import { countFrom } from "./arguments.ts";
import type { Figure } from "./figure.ts";
import { measureCalls } from "./engine/calls.ts";
import { measureSevenDays } from "./engine/seven-days.ts";

const SIZES = ["1000", "100000", "1000000"];

/** What a rollout's controller asks of its hub, counted by the hub: by size of the fleet, by waves, and in a week. */
export async function measure(args: readonly string[]): Promise<readonly Figure[]> {
  // Fewer prove nothing to an evidence wave.
  const sizes = (args.length === 0 ? SIZES : args).map((text) => countFrom(text, "number of devices", 1000));
  return [...(await measureSevenDays()), ...(await measureCalls(sizes))];
}
