import { binomialSf } from "../../gate/intervals/binomial.ts";
import { leastInteger } from "../../gate/least-integer.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { totalOf } from "../../model/question.ts";
import { gateRisk, type RiskRule } from "./risk.ts";

/** L05: a harm cap, which is a fixed number, that stops a good release of this size too often. */
export const capStopsGood: RiskRule = ({ planned }) => {
  const { tolerate, falseStop, harmCap } = planned.release.gate;
  const devices = totalOf(planned.waves.at(-1)?.devices ?? {});
  if (devices < harmCap) return [];
  const chance = (cap: number): number => binomialSf({ k: cap - 1, n: devices, p: tolerate });
  if (chance(harmCap) <= falseStop) return [];
  const enough = leastInteger(harmCap, (cap) => cap > devices || chance(cap) <= falseStop);
  return [
    gateRisk(planned, "harmCap", {
      code: "CAP_STOPS_GOOD",
      summary: `of ${devices} devices ${Math.round(devices * tolerate)} fail where ${formatPercentage(tolerate)} do, which is tolerated: the cap of ${harmCap} stops such a release with a chance of ${formatPercentage(chance(harmCap))}`,
      hint: `raise harmCap to ${enough}: then it is at most ${formatPercentage(falseStop)}; or keep it, if you bear no more harm than that`,
    }),
  ];
};

/** L14: a harm cap that the fleet cannot reach is none. */
export const capAboveFleet: RiskRule = ({ planned }) => {
  const { harmCap } = planned.release.gate;
  const devices = totalOf(planned.waves.at(-1)?.devices ?? {});
  if (devices === 0 || harmCap <= devices) return [];
  return [
    gateRisk(planned, "harmCap", {
      code: "CAP_ABOVE_FLEET",
      summary: `the release reaches ${devices} devices: a cap of ${harmCap} never stops it`,
      hint: `set harmCap to the failures that you can bear, at most ${devices}`,
    }),
  ];
};
