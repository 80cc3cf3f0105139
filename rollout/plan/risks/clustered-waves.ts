import { formatPercentage } from "../../model/percentage.ts";
import type { Problem } from "../../model/problem.ts";
import { askCounts, totalOf, type Answers, type Asked } from "../../model/question.ts";
import { countByTag } from "../queries.ts";
import { waveRisk, type RiskInput } from "./risk.ts";

/** Share of a wave in one site from which a trouble of that site decides for all. */
const CLUSTERED = 0.2;
/** A wave of fewer devices lies in few sites whatever one does. */
const LEAST_DEVICES = 20;

/** L09: waves of which one site holds so many that its own trouble (network, power) looks like the firmware's. */
export function clusteredWaves({ planned, facts }: RiskInput, answers: Answers): Asked<readonly Problem[]> {
  const { site } = facts;
  const early = planned.waves.slice(0, -1).filter(({ devices }) => totalOf(devices) >= LEAST_DEVICES);
  if (site === undefined || early.length === 0) return { kind: "known", value: [] };
  const queries = Object.fromEntries(early.map(({ name, condition }) => [name, countByTag(condition, site)]));
  const asked = askCounts(answers, queries);
  if (asked.kind !== "known") return asked;
  const sites: Readonly<Record<string, Readonly<Record<string, number>>>> = asked.value;
  const found = early.flatMap((wave) => {
    const devices = totalOf(sites[wave.name] ?? {});
    const [name, most] = Object.entries(sites[wave.name] ?? {}).sort(([, a], [, b]) => b - a)[0] ?? ["", 0];
    if (devices === 0 || most / devices <= CLUSTERED) return [];
    return [
      waveRisk(planned, wave, {
        code: "WAVE_CLUSTERED",
        summary: `${most} of its ${devices} devices (${formatPercentage(most / devices)}) have ${site} = '${name}': trouble of that site looks like the firmware's`,
        hint: "spread it: percent(...) or devices(...) takes devices by hash, whatever their site; or make sites strata",
      }),
    ];
  });
  return { kind: "known", value: found };
}
