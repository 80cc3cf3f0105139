import { createHash } from "node:crypto";

/**
 * A number from 0 to 1, without 1, made of a seed and of what it is for: the same words give the same number in every
 * run, in any order and process.
 */
export function chanceOf(seed: number, ...words: readonly string[]): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([seed, ...words]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
