import type { Asked, Answers } from "../model/question.ts";
import { askCounts, totalOf } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { countByStratum } from "../plan/queries.ts";
import { stampedCondition } from "../plan/target-condition.ts";
import { partCondition, waveCondition } from "../plan/wave-condition.ts";

/** How many devices a release is given to, and how many are still to come. */
export interface Exposure {
  /** Devices under its condition now. */
  readonly exposed: number;
  /** Devices that its remaining parts and waves add, as the fleet is now. */
  readonly unexposed: number;
  /** By wave; a count is absent where its window is computed only when it opens. */
  readonly waves: readonly WaveExposure[];
}

/** What one wave adds to those before it. */
export interface WaveExposure {
  readonly name: string;
  /** Devices that it adds, all its parts together. */
  readonly adds?: number;
  /** Those of them that are exposed now. */
  readonly exposed?: number;
}

/** Count the exposure of a release under way. Counts are of the fleet as it is: devices that came or left are in them. */
export function askExposure(answers: Answers, intent: RolloutIntent): Asked<Exposure> {
  const { release, wave, part } = intent;
  const sized = release.waves.findIndex((_, index) => !isSized(intent, index));
  const known = sized === -1 ? release.waves : release.waves.slice(0, sized);
  const queries: Record<string, string> = {
    now: countByStratum(partCondition(intent, wave, part)),
    // A wave that is sized later ends at the last one's reach: everyone the release may be given to.
    end: countByStratum(
      sized === -1 ? waveCondition(intent, release.waves.length - 1) : stampedCondition(intent),
    ),
  };
  for (const index of known.keys()) queries[`wave ${index}`] = countByStratum(waveCondition(intent, index));
  const counts = askCounts(answers, queries);
  if (counts.kind !== "known") return counts;
  const total = (key: string): number => totalOf(counts.value[key] ?? {});
  const exposed = total("now");
  const waves = release.waves.map(({ name }, index): WaveExposure => {
    if (index >= known.length) return { name };
    const before = index === 0 ? 0 : total(`wave ${index - 1}`);
    const adds = Math.max(0, total(`wave ${index}`) - before);
    const reached = index < wave ? adds : index > wave ? 0 : Math.min(adds, Math.max(0, exposed - before));
    return { name, adds, exposed: reached };
  });
  return { kind: "known", value: { exposed, unexposed: Math.max(0, total("end") - exposed), waves } };
}

/** False for a wave, or one before it, whose window is made from counts that are not taken yet. */
function isSized({ release, windows }: RolloutIntent, upTo: number): boolean {
  return release.waves
    .slice(0, upTo + 1)
    .every(
      ({ name, cohort }) => !["devices", "at least"].includes(cohort.kind) || windows[name] !== undefined,
    );
}
