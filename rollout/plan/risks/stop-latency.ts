import { withThousands } from "../../gate/format-evidence.ts";
import { binomialCdf } from "../../gate/intervals/binomial.ts";
import { declaredDuration, formatDuration } from "../../model/duration.ts";
import { EVALUATION_MS } from "../../model/hub-limits.ts";
import { ownValue } from "../../model/own-value.ts";
import { MOST_PARTS } from "../../model/wave.ts";
import type { PlannedWave } from "../product-plan.ts";
import { waveRisk, type RiskRule } from "./risk.ts";

/** A gross defect. */
const DEFECT = 0.2;
const HOUR_MS = 3_600_000;
/** Chance to have seen a gross defect that counts as seen. */
const SEEN = 0.95;

/** L10: a wave that takes the release to more unproven devices than a gate can call back in time. */
export const stopLatency: RiskRule = ({ planned, facts }) => {
  const { harmCap } = planned.release.gate;
  // Until the hub has evaluated the emptied condition, a stop changes no device.
  const blindMs = facts.lookEveryMs + facts.queryLagMs + EVALUATION_MS;
  return planned.waves.flatMap((wave, index) => {
    const before = planned.waves[index - 1];
    const parts = planned.release.waves[index]?.pace?.parts ?? 1;
    const unproven = Object.entries(wave.added)
      .filter(([stratum]) => before === undefined || !hasShown(before, stratum))
      .reduce((sum, [, devices]) => sum + devices, 0);
    const opened = Math.ceil(unproven / parts);
    const throttledMs = Math.max(0, ...wave.traffic.map(({ hours }) => (hours * HOUR_MS) / parts));
    const told = Math.round(opened * Math.min(1, blindMs / Math.max(1, throttledMs)));
    const harmed = Math.round(told * DEFECT);
    if (harmed <= harmCap) return [];
    const enough = Math.ceil((unproven * DEFECT) / harmCap);
    const everyMs = Math.ceil(blindMs / HOUR_MS) * HOUR_MS;
    return [
      waveRisk(planned, wave, {
        code: "STOP_TOO_LATE",
        summary: `${withThousands(told)} devices may take it within ${formatDuration(blindMs)}, before a look can stop it: a release that fails in 20% harms ${withThousands(harmed)}, the harm cap is ${withThousands(harmCap)}`,
        hint:
          enough <= MOST_PARTS
            ? `open it in parts: pace: { parts: ${enough}, every: "${declaredDuration(everyMs)}" }`
            : `put a wave of ${withThousands(Math.floor(harmCap / DEFECT))} devices before it: cohort: devices(${Math.floor(harmCap / DEFECT)})`,
      }),
    ];
  });
};

/** True when a stratum's devices under a wave are enough to have stopped a gross defect. */
function hasShown({ devices, stopsAt }: PlannedWave, stratum: string): boolean {
  const cut = ownValue(stopsAt, stratum);
  if (cut === undefined) return false;
  return binomialCdf({ k: cut - 1, n: ownValue(devices, stratum) ?? 0, p: DEFECT }) <= 1 - SEEN;
}
