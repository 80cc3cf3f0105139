import { rolloutPlayer } from "../../rollout/forecast/play-rollout.ts";
import type { StopRule } from "../../rollout/forecast/stop-rule.ts";
import type { Truth } from "../../rollout/forecast/truth.ts";
import { MODEL } from "./fleet.ts";

/** What many rollouts of one release under one rule came to. */
export interface Played {
  /** Share that the rule stopped. */
  readonly stopped: number;
  /** Share that ran out of patience in a wave: a person is asked. */
  readonly held: number;
  /** Devices that failed or fell silent, or will: mean. */
  readonly harmed: number;
  /** Standard error of that mean. */
  readonly harmedError: number;
  /** The number of harmed devices that 95% of the rollouts stay within (nearest rank). */
  readonly harmedP95: number;
  /** Days to the stop, to the end of patience or to the end of the last bake: mean. */
  readonly days: number;
}

/**
 * Play a release `runs` times. The streams of random numbers depend on the seed and the replication alone, so every rule,
 * and every setting of a rule, meets the same bad devices until it acts; the good ones are drawn when they are asked for.
 */
export function playMany({
  rule,
  truth,
  runs,
  seed,
}: {
  readonly rule: StopRule;
  readonly truth: Truth;
  readonly runs: number;
  readonly seed: number;
}): Played {
  const play = rolloutPlayer(MODEL, rule);
  const harmed = new Float64Array(runs);
  const ends = { settled: 0, stopped: 0, stuck: 0 };
  let looks = 0;
  for (let replication = 0; replication < runs; replication++) {
    const played = play(truth, { seed, scenario: 0, replication });
    harmed[replication] = played.harmed;
    ends[played.end]++;
    looks += played.looks;
  }
  harmed.sort();
  const mean = harmed.reduce((sum, count) => sum + count, 0) / runs;
  const squares = harmed.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return {
    stopped: ends.stopped / runs,
    held: ends.stuck / runs,
    harmed: mean,
    harmedError: Math.sqrt(squares / (runs - 1) / runs),
    harmedP95: harmed[Math.ceil(0.95 * runs) - 1] ?? NaN,
    days: (looks * MODEL.timing.lookMs) / runs / 86_400_000,
  };
}
