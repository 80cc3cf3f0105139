import { ownValue } from "../model/own-value.ts";
import { askCounts, type Asked } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Exposable } from "../plan/reach.ts";
import { partCondition, waveCondition } from "../plan/wave-condition.ts";
import type { StepInput } from "./observation.ts";
import { recentlyActiveQuery } from "./recently-active.ts";

/** Recently active devices that a wave aims at, and those it adds: what its coverage is measured against. */
export function askTargeted(
  input: StepInput,
  exposable: Exposable,
  { wave, part }: { readonly wave: number; readonly part: number },
): Asked<Pick<RolloutIntent, "targeted" | "added">> {
  const wide = recentlyActiveQuery(input, partCondition(exposable, wave, part));
  // The first wave has none before it: its own query stands in, and nobody is subtracted.
  const narrow = wave === 0 ? wide : recentlyActiveQuery(input, waveCondition(exposable, wave - 1));
  const counts = askCounts(input.observation.answers, { wide, before: narrow });
  if (counts.kind !== "known") return counts;
  const targeted = counts.value.wide;
  const before: Readonly<Record<string, number>> = wave === 0 ? {} : counts.value.before;
  const added = Object.fromEntries(
    Object.entries(targeted).map(([stratum, devices]) => [
      stratum,
      Math.max(0, devices - (ownValue(before, stratum) ?? 0)),
    ]),
  );
  return { kind: "known", value: { targeted, added } };
}
