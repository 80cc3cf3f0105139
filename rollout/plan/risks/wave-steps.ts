import { withThousands } from "../../gate/format-evidence.ts";
import { totalOf } from "../../model/question.ts";
import { waveRisk, type RiskRule } from "./risk.ts";

/** How many times what was tried before the last wave may be. */
const STEP = 10;

/** L13: percentages of a fleet so small that they name a single device. */
export const roundedWaves: RiskRule = ({ planned }) =>
  planned.waves.flatMap((wave, index) => {
    const cohort = planned.release.waves[index]?.cohort;
    if (cohort?.kind !== "percent" || cohort.percent === 100 || totalOf(wave.added) !== 1) return [];
    return [
      waveRisk(planned, wave, {
        code: "WAVE_OF_ONE",
        summary: `${cohort.percent}% of this fleet is one device more`,
        hint: "say how many devices you mean: cohort: devices(10), or named([...])",
      }),
    ];
  });

/** L13: a last wave many times as wide as all that was tried before it. */
export const lastStep: RiskRule = ({ planned }) => {
  const [last, before] = [planned.waves.at(-1), planned.waves.at(-2)];
  if (last === undefined || before === undefined) return [];
  const [adds, tried] = [totalOf(last.added), totalOf(before.devices)];
  if (tried === 0 || adds <= STEP * tried) return [];
  return [
    waveRisk(planned, last, {
      code: "LAST_STEP_WIDE",
      summary: `it adds ${withThousands(adds)} devices after ${withThousands(tried)} were tried: ${Math.round(adds / tried)} times as many`,
      hint: `put a wave of about ${withThousands(Math.ceil(totalOf(last.devices) / STEP))} devices before it: cohort: percent(10)`,
    }),
  ];
};
