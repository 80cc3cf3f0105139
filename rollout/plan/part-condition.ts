import { BUCKET_COUNT } from "../model/bucket.ts";
import type { Release } from "../model/release.ts";
import { productCondition, releaseWindow, waveCondition, windowCondition } from "./target-condition.ts";

/**
 * Condition of a wave that opens in parts, with the first `part` of them open: the waves before it, and that share of
 * what it adds, by bucket. Each part holds the parts before; the last is exactly the wave's own condition, so devices
 * without a bucket come with it where its cohort takes them.
 */
export function partCondition(
  release: Release,
  { wave, part }: { readonly wave: number; readonly part: number },
): string {
  const declared = release.waves[wave];
  const parts = declared?.pace?.parts ?? 1;
  const whole = waveCondition(release, wave);
  if (declared === undefined || part >= parts) return whole;
  if (declared.cohort.kind === "percent") {
    const from = release.waves
      .slice(0, wave)
      .reduce((most, { cohort }) => Math.max(most, cohort.kind === "percent" ? cohort.percent : 0), 0);
    const percent = from + ((declared.cohort.percent - from) * part) / parts;
    const waves = release.waves.with(wave, { ...declared, cohort: { kind: "percent", percent } });
    return waveCondition({ ...release, waves }, wave);
  }
  // A cohort that is no window is cut by one: the same buckets, whatever the cohort.
  const { start } = releaseWindow(release, 0);
  const share = windowCondition({ start, width: Math.floor((BUCKET_COUNT * part) / parts) });
  const cut = `(${insideOf(whole, release.product)}) AND ${share}`;
  const inside =
    wave === 0 ? cut : `${insideOf(waveCondition(release, wave - 1), release.product)} OR ${cut}`;
  return `${productCondition(release.product)} AND (${inside})`;
}

/** A wave's condition without the product's, which stands once in front. */
function insideOf(condition: string, product: string): string {
  const prefix = `${productCondition(product)} AND `;
  return condition.startsWith(prefix) ? condition.slice(prefix.length) : `(${condition})`;
}
