import { BUCKET_COUNT } from "../model/bucket.ts";

/** Standard deviations of reserve: one window in 740 holds fewer devices than it was made for. */
const Z = 3;

/**
 * Width of a window that holds at least `wanted` of `devices`, almost surely. Buckets are hashes, so the devices in a
 * window of share p are binomial(devices, p); p is chosen so that the mean less three standard deviations is still
 * `wanted`: the upper end of Wilson's interval (1927), which for a large fleet is wanted + 4.5 + 3·√(wanted + 2.25)
 * devices. A fleet that has no more than what is wanted is taken whole.
 */
export function widthForDevices(wanted: number, devices: number): number {
  if (wanted >= devices) return BUCKET_COUNT;
  const share = wanted / devices;
  const z2 = (Z * Z) / devices;
  const p = (share + z2 / 2 + Math.sqrt(z2 * (share * (1 - share) + z2 / 4))) / (1 + z2);
  return Math.min(BUCKET_COUNT, Math.ceil(p * BUCKET_COUNT));
}
