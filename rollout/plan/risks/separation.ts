import { operatingCharacteristic } from "../../gate/characteristics/operating-characteristic.ts";
import { withThousands } from "../../gate/format-evidence.ts";
import { priorOf } from "../../gate/prior.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { gateRisk, type RiskRule } from "./risk.ts";

/** Ratio of the two rates from which a gate decides soon. */
const APART = 3;
/** Devices up to which the exact mean is computed; a gate that is slower says "more than". */
const MOST_DEVICES = 5_000;

/** L07: two rates so near to each other that it takes many devices to tell them apart. */
export const ratesApart: RiskRule = ({ planned }) => {
  const { gate } = planned.release;
  if (gate.reject / gate.tolerate >= APART) return [];
  const means = [gate.tolerate, gate.reject].map((rate) => meanToDecide(gate, planned.thresholds.wave, rate));
  return [
    gateRisk(planned, "reject", {
      code: "RATES_TOO_CLOSE",
      summary: `between ${formatPercentage(gate.tolerate)} and ${formatPercentage(gate.reject)} the gate needs ${means.join(" and ")} devices a stratum on average to tell a release at the one from one at the other`,
      hint: `put them apart by a factor of ${APART}: ${
        APART * gate.tolerate < 1
          ? `reject: "${formatPercentage(APART * gate.tolerate)}"`
          : `tolerate: "${formatPercentage(gate.reject / APART)}"`
      }`,
    }),
  ];
};

/** L07: an ordinary release of this product fails more often than is tolerated. */
export const toleranceAboveHistory: RiskRule = ({ planned, facts }) => {
  const { tolerate } = planned.release.gate;
  const worst = facts.history
    .filter(({ contacted }) => contacted > 0)
    .toSorted((a, b) => b.failed / b.contacted - a.failed / a.contacted)[0];
  if (worst === undefined || worst.failed / worst.contacted < tolerate) return [];
  const rate = formatPercentage(worst.failed / worst.contacted);
  return [
    gateRisk(planned, "tolerate", {
      code: "TOLERATE_BELOW_HISTORY",
      summary: `${worst.version} failed on ${worst.failed} of ${worst.contacted} devices (${rate}) and was let through: a release like it would be stopped at ${formatPercentage(tolerate)}`,
      hint: `tolerate more than ${rate}, or find out why those devices failed`,
    }),
  ];
};

function meanToDecide(
  gate: { readonly tolerate: number; readonly reject: number; readonly missedBad: number },
  threshold: number,
  rate: number,
): string {
  const sides = { p0: gate.tolerate, alpha: 1 / threshold, p1: gate.reject, beta: gate.missedBad };
  const exact = operatingCharacteristic({ ...sides, ...priorOf(gate) }, { rate, devices: MOST_DEVICES });
  const mean = withThousands(Math.round(exact.meanDevices));
  return exact.undecided > 0.01 ? `more than ${mean}` : mean;
}
