import { formatDuration } from "../model/duration.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Reason } from "../model/verdict.ts";
import type { WaveInput } from "./gate-input.ts";
import { binomialSf } from "./intervals/binomial.ts";
import { NOBODY } from "./sum-counts.ts";

/** Some devices of every fleet go dark in two check-ins, whatever coverage a gate asks for. */
const LEAST_ATTRITION = 0.01;

/**
 * The reason to ask a person that devices give by staying away: two check-ins after a wave opened, more of those who
 * were recently active have made no contact than plausible, in some stratum. Plausible is the share that the gate's
 * `coverage` leaves room for. The number of those who stay away only falls, so the first look after the check-ins is the
 * only one that counts, and an exact binomial test of it, at `falseStop` over the strata, is enough.
 * Devices that had nothing to do are taken to be of each stratum in turn: that can only make it later.
 */
export function stayedAwayReason({
  gate,
  counts,
  contact,
  nowMs,
  openedAtMs,
}: Pick<WaveInput, "gate" | "counts" | "contact" | "nowMs" | "openedAtMs">): Reason | undefined {
  if (contact === undefined || !(nowMs - openedAtMs >= contact.checkInsMs)) return undefined;
  const strata = Object.entries(contact.added).filter(([, devices]) => devices > 0);
  const plausible = Math.max(LEAST_ATTRITION, 1 - gate.coverage);
  const level = gate.falseStop / Math.max(1, strata.length);
  const found = strata.flatMap(([stratum, devices]) => {
    const { most, strays } = counts.wave.get(stratum) ?? NOBODY;
    const away = devices - most - strays - contact.idle;
    if (away <= 0) return [];
    const chance = binomialSf({ k: away - 1, n: devices, p: plausible });
    return chance <= level ? [{ stratum, devices, away, chance }] : [];
  });
  const [worst] = found.sort(
    (one, other) => one.chance - other.chance || (one.stratum < other.stratum ? -1 : 1),
  );
  if (worst === undefined) return undefined;
  const { stratum, devices, away } = worst;
  const share = formatPercentage(away / devices);
  const text = `no contact from ${away} of ${devices} (${share}) recently active devices of ${stratum} in ${formatDuration(contact.checkInsMs)}, two check-ins; ${formatPercentage(plausible)} would be plausible: a person has to find out why`;
  return { code: "STAYED_AWAY", stratum, view: "wave", text };
}
