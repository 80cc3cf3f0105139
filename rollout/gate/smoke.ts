import type { Reason } from "../model/verdict.ts";
import type { WaveInput } from "./gate-input.ts";
import { rateOf } from "./rate-of.ts";
import { sumCounts } from "./sum-counts.ts";

/** What a baked smoke wave comes to: it promotes without proof, but not without a device that is well. */
export function judgeSmoke(input: WaveInput): {
  readonly promotes: boolean;
  readonly reasons: readonly Reason[];
} {
  const { counts, wave } = input;
  const all = counts.wave.values().toArray();
  const { ok, most, strays } = sumCounts(all);
  const n = most + strays;
  const name = `wave "${wave.name}"`;
  if (!(n > 0)) {
    return {
      promotes: false,
      reasons: [{ code: "NO_CONTACT", text: `no device of ${name} took the update` }],
    };
  }
  const numbers = { view: "wave", k: n - ok, n, ...rateOf(all, input) } as const;
  if (!(ok > 0)) {
    const text = `none of ${n} devices of ${name} is ok`;
    return { promotes: false, reasons: [{ code: "SHORT_OF_EVIDENCE", ...numbers, text }] };
  }
  const text = `${ok} of ${n} devices of ${name} are ok after its bake; a smoke wave proves nothing`;
  return { promotes: true, reasons: [{ code: "SMOKE_PASSED", ...numbers, text }] };
}
