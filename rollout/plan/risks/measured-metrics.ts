import { formatPercentage } from "../../model/percentage.ts";
import { placeholdersIn } from "../../model/metric-query.ts";
import { TWINS, type Metric } from "../../model/metric.ts";
import type { Problem } from "../../model/problem.ts";
import { totalOf } from "../../model/question.ts";
import type { SizedRelease } from "../product-plan.ts";
import type { RiskRule } from "./risk.ts";

/** Placeholders that tie a count to the devices of the rollout. */
const OF_THE_ROLLOUT: readonly string[] = ["attempt", "version"];

/** L06: a rate whose total is not told by the rollout's own devices: whoever has not reported yet is missing from it. */
export const unknownTotals: RiskRule = ({ planned }) =>
  obeyed(planned).flatMap((metric) => {
    const total = metric.queries["total"];
    if (metric.judge.kind !== "binomial" || metric.source === TWINS || total === undefined) return [];
    if (placeholdersIn(total).some((name) => OF_THE_ROLLOUT.includes(name))) return [];
    return [
      metricRisk(planned, metric, {
        code: "TOTAL_UNKNOWN",
        summary: `its total names neither {{attempt}} nor {{version}}: a rate over other devices, or over those alone that reported, stops good releases and lets bad ones pass`,
        hint: 'count every device in contact with {{attempt}}, or take source: "twins", which does',
      }),
    ];
  });

/** L15: a limit by which a single bad measurement stops a release. */
export const singleMeasurements: RiskRule = ({ planned }) =>
  obeyed(planned).flatMap((metric) => {
    if (metric.judge.kind !== "limit" || metric.judge.failures > 1) return [];
    return [
      metricRisk(planned, metric, {
        code: "ONE_MEASUREMENT",
        summary: "one measurement beyond the limit stops the release: of a noisy number one soon is",
        hint: 'ask for several in a row: failures: 3; or watch it first: mode: "shadow"',
      }),
    ];
  });

/** Share and size under which a hold-out shows too few events to compare with. */
const LEAST_SHARE = 0.01;
const LEAST_DEVICES = 100;

/** L11: a rate ratio with so small a hold-out that it sees little. */
export const smallControl: RiskRule = ({ planned }) => {
  const { holdOut } = planned.release;
  const compared = obeyed(planned).filter(({ judge }) => judge.kind === "rate ratio");
  if (holdOut === undefined || compared.length === 0) return [];
  const all = totalOf(planned.waves.at(-1)?.devices ?? {});
  const devices = Math.round(all * holdOut);
  if (holdOut >= LEAST_SHARE && devices >= LEAST_DEVICES) return [];
  const enough = Math.min(0.5, Math.max(LEAST_SHARE, Math.ceil((100 * LEAST_DEVICES) / all) / 100));
  return [
    {
      severity: "warning",
      code: "CONTROL_SMALL",
      path: `${planned.file}: holdOut`,
      summary: `${formatPercentage(holdOut)} of ${all} devices are ${devices}: ${compared.map(({ name }) => name).join(", ")} compares with too few events to tell a trouble soon`,
      hint: `hold out ${formatPercentage(enough)}, or judge by "limit" or "binomial"`,
    },
  ];
};

function obeyed({ release }: SizedRelease): readonly Metric[] {
  return (release.gate.metrics ?? []).filter(({ mode }) => mode === "enforce");
}

function metricRisk(
  { file }: SizedRelease,
  { name }: Metric,
  problem: Pick<Problem, "code" | "summary" | "hint">,
): Problem {
  return { severity: "warning", path: `${file}: gate: metrics: ${name}`, ...problem };
}
