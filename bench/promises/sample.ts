import { createXoshiro128 } from "../../rollout/forecast/random/xoshiro128.ts";
import { sha256Hex } from "../../rollout/model/digest.ts";
import { rollOut } from "./roll-out.ts";
import { drawDevices, WAVES, type Scenario } from "./scenario.ts";

/** A share that was counted in runs, and how far chance may have moved it. */
export interface Share {
  readonly share: number;
  /** Monte Carlo standard error, of a share of at least one in the number of trials. */
  readonly error: number;
}

/** What a set of rollouts came to. */
export interface Sample {
  /** Rollouts that the gate stopped. */
  readonly stopped: Share;
  /** Evidence waves that the gate let on, of those that opened. */
  readonly passed: Share;
  /** Rollouts that reached everyone and were watched to the end. */
  readonly completed: Share;
}

/** Roll a scenario out so many times; every run has its chances from seed, name and number, whatever else is run. */
export function sample(
  scenario: Scenario,
  { name, runs, seed }: { readonly name: string; readonly runs: number; readonly seed: number },
): Sample {
  let [stopped, opened, passed, completed] = [0, 0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const end = rollOut(drawDevices(scenario, chancesOf(`${seed}/${name}/${run}`)));
    // The first wave is a smoke wave: it promises nothing.
    opened += Math.max(0, end.opened - 1);
    passed += Math.max(0, end.promoted - 1);
    if (end.stopped) stopped++;
    else if (end.promoted === WAVES.length) completed++;
  }
  return {
    stopped: shareOf(stopped, runs),
    passed: shareOf(passed, opened),
    completed: shareOf(completed, runs),
  };
}

/** Chances in 0..1 that a text seeds. */
export function chancesOf(text: string): () => number {
  const hash = sha256Hex(text);
  const word = (index: number): number => parseInt(hash.slice(8 * index, 8 * index + 8), 16);
  const generator = createXoshiro128([word(0), word(1), word(2), word(3)]);
  return () => generator.nextUint32() / 2 ** 32;
}

function shareOf(count: number, trials: number): Share {
  const share = trials === 0 ? 0 : count / trials;
  const held = Math.min(1 - 1 / (trials + 1), Math.max(share, 1 / (trials + 1)));
  return { share, error: Math.sqrt((held * (1 - held)) / Math.max(1, trials)) };
}
