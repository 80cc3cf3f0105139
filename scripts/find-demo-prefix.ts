/**
 * Finds the prefix of the demo's device ids (local/demo-cast.ts): `node scripts/find-demo-prefix.ts [candidates]`.
 *
 * Device ids hash into buckets, and buckets decide the waves, so the ids are chosen for waves in which each gate can
 * come to its verdict within the demo's 150 devices a revision: an e-process with no failure in 57 devices reaches
 * 90, in 72 it reaches 357, and the demo's gates ask for 80 (cumulative) and 160 (of one wave).
 */
import { castDemo, DEMO_PRODUCT, type CastDevice } from "../local/demo-cast.ts";
import { BUCKET_COUNT, bucketOf } from "../rollout/model/bucket.ts";

/** Sizes of new devices the two large waves of 1.1.0 should have in each revision. */
const HALF_WAVE = { least: 55, from: 57, to: 62 } as const;
const LAST_WAVE = { least: 60, from: 72, to: 75 } as const;
const REVISIONS = ["A", "B"] as const;

interface RankedPrefix {
  readonly prefix: string;
  /** Devices by which the large waves miss their wanted sizes; 0 is perfect. */
  readonly miss: number;
  readonly half: readonly number[];
  readonly last: readonly number[];
}

if (import.meta.main) search(Number(process.argv[2] ?? 36 ** 4));

function search(candidates: number): void {
  let best: RankedPrefix | undefined;
  for (let counter = 0; counter < candidates; counter++) {
    const ranked = rankPrefix(`th-${counter.toString(36)}`);
    if (ranked === undefined || (best !== undefined && ranked.miss >= best.miss)) continue;
    best = ranked;
    console.log(
      `${ranked.prefix}: misses by ${ranked.miss}, 50% adds ${ranked.half.join("+")}, last adds ${ranked.last.join("+")}`,
    );
    if (ranked.miss === 0) return;
  }
  if (best === undefined) console.log(`none of ${candidates} prefixes fits: give a larger number`);
}

/** The sizes of a prefix's waves, or undefined when the demo's story could not be told with it. */
function rankPrefix(prefix: string): RankedPrefix | undefined {
  const cast = castDemo(prefix).map((device) => ({ ...device, bucket: bucketOf(device.deviceId) }));
  const inBad = cast.filter(inWindow("1.2.0", 10));
  const bad = REVISIONS.map((revision) => inBad.filter((device) => device.revision === revision));
  if (bad.some((devices) => devices.length !== 15)) return undefined;
  if (inBad.filter((device) => device.sensorLot === 7).length !== 5) return undefined;

  const inGood = cast.filter(inWindow("1.1.0", 10));
  if ([...inBad, ...inGood].some(isCanary)) return undefined;

  const rest = cast.filter((device) => !isCanary(device) && !inGood.includes(device));
  const isInHalf = inWindow("1.1.0", 50);
  const count = (devices: readonly CastDevice[]): number[] =>
    REVISIONS.map((revision) => devices.filter((device) => device.revision === revision).length);
  const half = count(rest.filter(isInHalf));
  const last = count(rest.filter((device) => !isInHalf(device)));
  if (count(inGood).some((size) => size < 10)) return undefined;
  if (half.some((size) => size < HALF_WAVE.least) || last.some((size) => size < LAST_WAVE.least))
    return undefined;
  return { prefix, half, last, miss: missOf(half, HALF_WAVE) + missOf(last, LAST_WAVE) };
}

/** Whether a bucket lies in the first `percent` of a version's window, which wraps at the end of the buckets. */
function inWindow(version: string, percent: number): (device: { readonly bucket: number }) => boolean {
  const start = bucketOf(`${DEMO_PRODUCT}/${version}`);
  const width = (BUCKET_COUNT * percent) / 100;
  return ({ bucket }) => (bucket - start + BUCKET_COUNT) % BUCKET_COUNT < width;
}

function isCanary(device: CastDevice): boolean {
  return device.tags.rollout.ring === "canary";
}

function missOf(sizes: readonly number[], wanted: { readonly from: number; readonly to: number }): number {
  return sizes.reduce((sum, size) => sum + Math.max(0, wanted.from - size, size - wanted.to), 0);
}
