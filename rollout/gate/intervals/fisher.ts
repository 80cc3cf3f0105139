import { requireCounts } from "../require-argument.ts";
import { hypergeometricUpperTail } from "./hypergeometric.ts";

/**
 * P-value of "the treated devices are bad no more often than the others", one-sided, given how many are bad in all
 * [Fisher 1935]. A promise at ONE look, such as a wave's end.
 */
export function fisherOneSided({
  badTreated,
  treated,
  badControl,
  control,
}: {
  readonly badTreated: number;
  readonly treated: number;
  readonly badControl: number;
  readonly control: number;
}): number {
  requireCounts({ k: badTreated, n: treated });
  requireCounts({ k: badControl, n: control });
  return hypergeometricUpperTail({
    k: badTreated,
    fleet: treated + control,
    badInFleet: badTreated + badControl,
    sampled: treated,
  });
}
