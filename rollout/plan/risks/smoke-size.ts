import { chanceUnseen } from "../../gate/characteristics/pass-unseen.ts";
import { minWaveSize } from "../../gate/min-wave-size.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { totalOf } from "../../model/question.ts";
import { waveRisk, type RiskRule } from "./risk.ts";

/** A defect that the first devices ought to show. */
const DEFECT = 0.1;
/** A wave that misses it more often than not looks at nothing. */
const UNSEEN = 0.5;

/** L01: a first wave without a statistical claim that more often than not sees nothing of a gross defect. */
export const smokeSize: RiskRule = ({ planned }) => {
  const [first] = planned.waves;
  if (first?.kind === "evidence" || first === undefined) return [];
  const devices = totalOf(first.devices);
  const unseen = chanceUnseen({ n: devices, p: DEFECT });
  if (devices === 0 || unseen <= UNSEEN) return [];
  const enough = minWaveSize({ maxFailuresAllowed: 0, pMax: DEFECT, conf: 0.95 });
  return [
    waveRisk(planned, first, {
      code: "SMOKE_TOO_SMALL",
      summary: `${devices} devices show no failure with a chance of ${formatPercentage(unseen)} though ${formatPercentage(DEFECT)} of all devices fail`,
      hint: `take ${enough} devices: then it is 5%; or know that this wave finds gross defects alone`,
    }),
  ];
};
