import type { Reason } from "../model/verdict.ts";
import type { WaveInput } from "./gate-input.ts";
import { rateOf } from "./rate-of.ts";
import { sumCounts } from "./sum-counts.ts";

/** What a baked timed wave comes to: its time is over and nothing stopped it, which claims nothing about the release. */
export function judgeTimed(input: WaveInput): {
  readonly promotes: boolean;
  readonly reasons: readonly Reason[];
} {
  const { counts, wave } = input;
  const all = counts.wave.values().toArray();
  const { ok, most, strays } = sumCounts(all);
  const n = most + strays;
  const text = `the time of wave "${wave.name}" is over, ${ok} of ${n} devices in contact are ok; a timed wave proves nothing`;
  return {
    promotes: true,
    reasons: [{ code: "TIME_PASSED", view: "wave", k: n - ok, n, ...rateOf(all, input), text }],
  };
}
