import { formatPercentage } from "../model/percentage.ts";
import type { Gate } from "../model/gate.ts";
import type { RolloutModel } from "./rollout-model.ts";
import { everywhere, type DefectRates, type Truth } from "./truth.ts";

/** One thing that may be true of a release, played many times. */
export interface Scenario {
  /** Names it in every forecast, and chooses its random numbers. */
  readonly id: string;
  readonly truth: Truth;
  /** A point of the curve: how often devices fail, and whether they say so. */
  readonly point?: { readonly rate: number; readonly kind: "reported" | "silent" };
}

/** Id of a point of the curve, with all digits of its rate: rates that read the same rounded are scenarios of their own. */
export function curveScenarioId(kind: "reported" | "silent", rate: number): string {
  return `${kind} ${Number((rate * 100).toPrecision(10))}%`;
}

/** Failure rates that every curve has. */
const CURVE_RATES: readonly number[] = [0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.2];

/** The failure rates of a curve, rising: the usual ones, and those that the gates name. */
export function curveRates(...gates: readonly Pick<Gate, "tolerate" | "reject">[]): readonly number[] {
  const named = gates.flatMap(({ tolerate, reject }) => [tolerate, reject]);
  return [...new Set([...CURVE_RATES, ...named])].sort((a, b) => a - b);
}

/** What a release may be like before anybody has seen it; weights add up to 1. */
export const PRIOR: readonly { readonly scenario: string; readonly weight: number }[] = [
  { scenario: "ordinary", weight: 0.8 },
  { scenario: "reported 1%", weight: 0.15 },
  { scenario: "reported 5%", weight: 0.04 },
  { scenario: "one stratum", weight: 0.01 },
];

/** Rate of an ordinary release, and of the rest where one stratum is bad. */
const ORDINARY = 0.003;
const ONE_STRATUM = 0.3;
const LATE = 0.05;
const CORRELATED = { icc: 0.05, sites: 20 } as const;

/** Everything that a forecast tries out: two curves over the rates, and defects that hide. */
export function scenariosOf(
  { release, strata, devices }: RolloutModel,
  rates: readonly number[] = curveRates(release.gate),
): readonly Scenario[] {
  const all = (name: string, defects: Partial<DefectRates>, more: Partial<Truth> = {}): Truth => ({
    name,
    rates: everywhere(strata.length, defects),
    ...more,
  });
  const { tolerate } = release.gate;
  const curve = (["reported", "silent"] as const).flatMap((kind) =>
    rates.map((rate): Scenario => {
      const name = curveScenarioId(kind, rate);
      return { id: name, truth: all(name, { [kind]: rate }), point: { rate, kind } };
    }),
  );
  const smallest = devices.indexOf(Math.min(...devices));
  const oneStratum = everywhere(strata.length, { reported: ORDINARY }).map((own, index) =>
    index === smallest ? { ...own, reported: ONE_STRATUM } : own,
  );
  const smallestName = strata[smallest] ?? "";
  return [
    ...curve,
    { id: "ordinary", truth: all("an ordinary release, 0.3%", { reported: ORDINARY }) },
    {
      id: "one stratum",
      truth: {
        name: `${formatPercentage(ONE_STRATUM)} of ${smallestName} alone, the smallest stratum`,
        rates: oneStratum,
      },
    },
    {
      id: "late",
      truth: all(`${formatPercentage(LATE)} fail hours to days after they reported ok`, { late: LATE }),
    },
    {
      id: "correlated",
      truth: all(
        `${formatPercentage(tolerate)}, but sites fail together (${CORRELATED.sites} a stratum, ICC ${CORRELATED.icc})`,
        { reported: tolerate },
        { correlated: CORRELATED },
      ),
    },
  ];
}

/** A number of its own for each scenario, the same in every forecast: FNV-1a of its id. */
export function scenarioNumber({ id }: Pick<Scenario, "id">): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
