import { betaQuantile } from "../../rollout/gate/intervals/beta-quantile.ts";
import type { Gate } from "../../rollout/model/gate.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Looks are five minutes apart, as those of a controller on a schedule. */
export const LOOK_EVERY_MS = 5 * MINUTE;
/** How much older than a look its counts may be. */
export const QUERY_LAG_MS = 30 * MINUTE;
/** How long a completed release is judged. */
export const WATCH_MS = 7 * DAY;

/** The gate whose promises are put to the test; without a harm cap, which promises nothing. */
export const GATE: Gate = {
  tolerate: 0.01,
  reject: 0.1,
  falseStop: 0.05,
  missedBad: 0.05,
  deadlineMs: 48 * HOUR,
  bakeMs: 72 * HOUR,
  harmCap: Number.MAX_SAFE_INTEGER,
  patienceMs: 1_000 * DAY,
  coverage: 0.9,
  onAbort: "roll back",
};

/** Five waves: the share of each stratum that has been reached when each of them is open. */
export const WAVES = [
  { name: "canary", kind: "smoke", share: 0.02 },
  { name: "25%", kind: "evidence", share: 0.25 },
  { name: "50%", kind: "evidence", share: 0.5 },
  { name: "75%", kind: "evidence", share: 0.75 },
  { name: "everyone", kind: "evidence", share: 1 },
] as const;

/** What is true of a release and its devices in one set of rollouts. */
export interface Scenario {
  /** Chance that a device fails, by stratum. */
  readonly rates: Readonly<Record<string, number>>;
  readonly devicesPerStratum: number;
  /** Whether a device keeps `failed` when a later try succeeds, as the agent does. */
  readonly latches: boolean;
  /** Devices of a site share a chance of their own, drawn so that their outcomes correlate by `icc`. */
  readonly sites?: { readonly devices: number; readonly icc: number };
}

/** Every device of every stratum fails exactly as often as is tolerated. */
export const GOOD: Scenario = {
  rates: { A: GATE.tolerate, B: GATE.tolerate, C: GATE.tolerate, D: GATE.tolerate },
  devicesPerStratum: 500,
  latches: true,
};
/** One stratum fails exactly as often as must not ship; the others would hide it. */
export const BAD: Scenario = { ...GOOD, rates: { A: 0.002, B: 0.002, C: 0.002, D: GATE.reject } };

/** One device's part in a rollout; times in ms, from the opening of its wave. */
export interface SimulatedDevice {
  readonly stratum: string;
  /** Index of the wave that reaches it. */
  readonly wave: number;
  /** Infinity: never. */
  readonly contactAfter: number;
  readonly outcome: "ok" | "failed" | "silent";
  /** From contact. */
  readonly outcomeAfter: number;
  /** From its failure to the success of a later try, where its failure does not stay; else Infinity. */
  readonly recoversAfter: number;
  /** From contact until it is gone from the hub; mostly Infinity. */
  readonly vanishesAfter: number;
}

/**
 * The devices of one rollout. Most make contact within hours, some within days, one in fifty never; one in thirty joins
 * its wave late; failures are told within minutes, half of what goes wrong is never told, successes take up to 40 hours;
 * one in a hundred leaves the fleet.
 */
export function drawDevices(scenario: Scenario, chance: () => number): readonly SimulatedDevice[] {
  const exponential = (mean: number): number => -mean * Math.log(1 - chance());
  return Object.entries(scenario.rates).flatMap(([stratum, rate]) => {
    const bySite = siteRates({ scenario, rate, chance });
    return Array.from({ length: scenario.devicesPerStratum }, (_, index): SimulatedDevice => {
      const place = chance();
      const kind = chance();
      const within = kind < 0.7 ? HOUR : kind < 0.9 ? 12 * HOUR : 48 * HOUR;
      const joins = chance() < 1 / 30 ? chance() * 4 * DAY : 0;
      const contactAfter = kind >= 0.98 ? Infinity : joins + exponential(within);
      const isBad = chance() < bySite(index);
      const outcome = isBad ? (chance() < 0.5 ? "silent" : "failed") : "ok";
      return {
        stratum,
        wave: WAVES.findIndex(({ share }) => place < share),
        contactAfter,
        outcome,
        outcomeAfter: isBad ? exponential(10 * MINUTE) : Math.min(40 * HOUR, exponential(6 * HOUR)),
        recoversAfter: scenario.latches ? Infinity : exponential(6 * HOUR),
        vanishesAfter: chance() < 0.01 ? chance() * 10 * DAY : Infinity,
      };
    });
  });
}

/** A device's chance to fail, by its place in the stratum: its site's, or the stratum's. */
function siteRates(input: {
  readonly scenario: Scenario;
  readonly rate: number;
  readonly chance: () => number;
}): (index: number) => number {
  const { scenario, rate, chance } = input;
  const { sites, devicesPerStratum } = scenario;
  if (sites === undefined) return () => rate;
  // Beta with this mean and this intraclass correlation.
  const weight = 1 / sites.icc - 1;
  const rates = Array.from({ length: Math.ceil(devicesPerStratum / sites.devices) }, () =>
    betaQuantile({ p: Math.max(1e-12, chance()), a: rate * weight, b: (1 - rate) * weight }),
  );
  return (index) => rates[Math.floor(index / sites.devices)] ?? rate;
}
