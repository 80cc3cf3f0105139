import { ownValue } from "../../model/own-value.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { withThousands } from "../../gate/format-evidence.ts";
import { waveRisk, type RiskRule } from "./risk.ts";

/** L08: strata of which hardly a device is seen before the last wave takes all of them. */
export const lateStrata: RiskRule = ({ planned }) => {
  const [last, before] = [planned.waves.at(-1), planned.waves.at(-2)];
  if (last === undefined || before === undefined) return [];
  const { sizeToProve } = planned.thresholds;
  return Object.entries(last.devices).flatMap(([stratum, all]) => {
    const seen = ownValue(before.devices, stratum) ?? 0;
    // Of a stratum that can prove nothing one device is more than none.
    const enough = all >= sizeToProve ? sizeToProve : 1;
    if (all === 0 || seen >= enough) return [];
    return [
      waveRisk(planned, last, {
        code: "STRATUM_LATE",
        summary: `${withThousands(all - seen)} of the ${withThousands(all)} devices of ${stratum} (${formatPercentage(1 - seen / all)}) are first exposed in the last wave; the waves before it have ${seen}`,
        hint: `give a wave before it the cohort atLeast(${enough}).per("stratum")`,
      }),
    ];
  });
};
