import { binomialSf } from "../../gate/intervals/binomial.ts";
import { sizeToProve } from "../../gate/size-to-prove.ts";
import type { Gate } from "../../model/gate.ts";
import { ownValue } from "../../model/own-value.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { waveRisk, type RiskRule } from "./risk.ts";

/** Chance to be stuck that a person would rather avoid. */
const TOO_OFTEN = 0.1;
/** Chance that the proposed size leaves. */
const SELDOM = 0.05;
/** Bad devices up to which a size is looked for. */
const MOST_BAD = 200;

/** L02: an evidence wave that may well hold a good release, for a few failures are too many for its size. */
export const stuckInHold: RiskRule = ({ planned }) =>
  planned.waves.flatMap((wave) => {
    const { gate } = planned.release;
    // Half of what is tolerated is what a good release shows; at `tolerate` itself the gate is at its limit by design.
    const rate = gate.tolerate / 2;
    const strata = Object.entries(wave.promotesWith).filter(([, most]) => most >= 0);
    if (wave.kind !== "evidence" || strata.length === 0) return [];
    const passed = strata.reduce(
      (chance, [stratum, most]) =>
        chance * (1 - stuck({ most, devices: ownValue(wave.added, stratum) ?? 0, rate })),
      1,
    );
    if (1 - passed <= TOO_OFTEN) return [];
    const room = strata.map(
      ([stratum, most]) => `${most} bad of ${ownValue(wave.added, stratum) ?? 0} in ${stratum}`,
    );
    const each = SELDOM / strata.length;
    const enough = seldomStuckSize(gate, rate, each);
    return [
      waveRisk(planned, wave, {
        code: "WAVE_MAY_STICK",
        summary: `it promotes with at most ${room.join(", ")}: a good release (${formatPercentage(rate)} fail) stays in hold with a chance of ${formatPercentage(1 - passed)}`,
        hint:
          enough === undefined
            ? "lower `tolerate` or raise `reject`: between the two the gate has no room"
            : `take ${enough} devices a stratum: then it is at most ${formatPercentage(SELDOM)}`,
      }),
    ];
  });

function stuck({ most, devices, rate }: { most: number; devices: number; rate: number }): number {
  return binomialSf({ k: most, n: devices, p: rate });
}

/** Least size at which a release of this rate is stuck with at most this chance. */
function seldomStuckSize(
  gate: Pick<Gate, "reject" | "missedBad">,
  rate: number,
  chance: number,
): number | undefined {
  for (let bad = 0; bad <= MOST_BAD; bad++) {
    const devices = sizeToProve({ ...gate, bad });
    if (stuck({ most: bad, devices, rate }) <= chance) return devices;
  }
  return undefined;
}
