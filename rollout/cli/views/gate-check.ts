import type { StratumTrial, Trial } from "../../gate/gate-trial.ts";
import { formatEvidence, formatThreshold, withThousands } from "../../gate/format-evidence.ts";
import { formatRate } from "../../gate/rate-of.ts";
import type { Gate } from "../../model/gate.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { counted } from "./numbers.ts";

/** What a gate makes of counts, for people. */
export function renderTrial(trial: Trial, gate: Gate): string {
  const { verdict, strata, thresholds, sizes, characteristic } = trial;
  const { tolerate, reject, falseStop, missedBad } = gate;
  const chances = characteristic.byRate.map(({ rate, abort, promote, undecided, meanDevices }) =>
    [
      formatPercentage(rate),
      ...[abort, promote, undecided].map(formatPercentage),
      withThousands(Math.round(meanDevices)),
    ].map((cell) => cell.padStart(9)),
  );
  const heading = ["fails", "stopped", "promoted", "undecided", "decided at"].map((cell) => cell.padStart(9));
  return [
    `${verdict.kind} (${verdict.guarantee})`,
    ...verdict.reasons.map(({ text }) => `  ${text}`),
    ...strata.flatMap((stratum) => ["", ...stratumLines(stratum, gate)]),
    "",
    `gate: tolerates ${formatPercentage(tolerate)}, rejects ${formatPercentage(reject)}; stops a good release in ${formatPercentage(falseStop)}, an evidence wave passes a bad one in ${formatPercentage(missedBad)}`,
    `  stops at ${formatThreshold(thresholds.cumulative)} over the rollout, ${formatThreshold(thresholds.wave)} in a wave; promotes at ${formatThreshold(thresholds.promote)} in every stratum`,
    `  proof takes ${sizes.map(({ bad, devices }) => `${withThousands(devices)} devices with ${bad} bad`).join(", ")}`,
    `  one stratum of ${withThousands(characteristic.devices)} devices, looked at after each, exactly:`,
    `  ${heading.join("  ")}`,
    ...chances.map((row) => `  ${row.join("  ")}`),
  ].join("\n");
}

function stratumLines({ stratum, counts, against, inFavour, rate }: StratumTrial, gate: Gate): string[] {
  const { ok, failed, silent, unresolved, most } = counts;
  const toStop =
    against.missing === undefined
      ? "no number of failures among these would stop it"
      : against.missing === 0
        ? "stops it"
        : `${counted(against.missing, "more failure")} among these would stop it`;
  const toPromote =
    inFavour.missing === 0 ? "proven" : `${counted(inFavour.missing, "more clean device")} would prove it`;
  return [
    `${stratum}: ${withThousands(most)} contacted: ${ok} ok, ${failed} failed, ${silent} silent, ${unresolved - silent} in progress`,
    `  against at most ${formatPercentage(gate.tolerate)}: ${against.k} of ${against.n} bad, evidence ${formatEvidence(against.evidence)} of ${formatThreshold(against.threshold)}; ${toStop}`,
    `  for below ${formatPercentage(gate.reject)}: ${inFavour.k} of ${inFavour.n} not ok, evidence ${formatEvidence(inFavour.evidence)} of ${formatThreshold(inFavour.threshold)}; ${toPromote}`,
    ...(rate === undefined ? [] : [`  ${formatRate(rate)}`]),
  ];
}
