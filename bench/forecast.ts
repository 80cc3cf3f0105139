import { availableParallelism } from "node:os";
import { playScenarios } from "../rollout/cli/forecast/play-scenarios.ts";
import { figuresOf } from "../rollout/forecast/figures.ts";
import { assumedLaws } from "../rollout/forecast/laws.ts";
import type { RolloutModel } from "../rollout/forecast/rollout-model.ts";
import type { Scenario } from "../rollout/forecast/scenarios.ts";
import { everywhere, type DefectRates } from "../rollout/forecast/truth.ts";
import type { Wave } from "../rollout/model/wave.ts";
import { countFrom } from "./arguments.ts";
import { formatMs, formatCount, timed, type Figure } from "./figure.ts";

const HOUR_MS = 3_600_000;
const STRATA = ["A", "B", "C", "D"];
/** What 10,000 rollouts over 1,000,000 devices may take on two cores. */
const SECONDS = 3;

/** How fast a forecast is, and what it says of the rollouts that the statistics' notes simulated another way. */
export async function measure(args: readonly string[]): Promise<readonly Figure[]> {
  const [typedRuns = "10000", typedDevices = "1000000"] = args;
  const runs = countFrom(typedRuns, "number of rollouts");
  const devices = countFrom(typedDevices, "number of devices", 1_000);
  const workers = Math.min(2, availableParallelism());
  const model = modelOf(devices, [0.01, 0.05, 0.25, 1], 72);
  const good = scenario("reported 0.2%", { reported: 0.002 });
  const before = process.cpuUsage();
  const { result, measured } = await timed(() =>
    playScenarios({ model, scenarios: [good], runs, seed: 1, workers }),
  );
  const { user, system } = process.cpuUsage(before);
  const table = result.get(good.id);
  if (table === undefined) throw new RangeError("the scenario was not played");
  const { reached, hours } = figuresOf(table, model);
  const started = performance.now();
  await playScenarios({ model, scenarios: [good], runs: Math.min(runs, 1_000), seed: 1, workers: 1 });
  const oneThread = performance.now() - started;
  const isFull = runs >= 10_000 && devices >= 1_000_000;
  // By the time of the processors, all threads together: on a machine that others use, the clock says less.
  const seconds = (user + system) / 1e6 / workers;
  return [
    {
      what: `${formatCount(runs)} rollouts, ${formatCount(devices)} devices, 4 waves, hourly looks, ${workers} threads`,
      measured,
      ...(isFull ? { limit: `${SECONDS} s on 2 cores`, isBroken: seconds > SECONDS } : {}),
    },
    {
      what: "  of them, to the end",
      measured: `${((reached.at(-1) ?? 0) * 100).toFixed(2)}%, ${hours.mean.toFixed(0)} h on average`,
    },
    { what: `  ${formatCount(Math.min(runs, 1_000))} of them in one thread`, measured: formatMs(oneThread) },
    {
      what: "  memory at its peak",
      measured: `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`,
    },
    ...(await knownRollouts(devices, Math.min(runs, 1_000), workers)),
  ];
}

/** The rollouts of docs/forecast.md: what stops them, and what they harm by then. */
export async function knownRollouts(
  devices: number,
  runs: number,
  workers: number,
): Promise<readonly Figure[]> {
  const scenarios = [
    scenario("reported 1%", { reported: 0.01 }),
    scenario("reported 5%", { reported: 0.05 }),
    scenario("reported 20%", { reported: 0.2 }),
    scenario("silent 2%", { silent: 0.02 }),
    scenario("silent 8%", { silent: 0.08 }),
    scenario("silent 20%", { silent: 0.2 }),
  ];
  const figures: Figure[] = [];
  for (const shares of [
    [0.01, 0.05, 0.25, 1],
    [0.0005, 0.01, 0.05, 0.25, 1],
  ]) {
    const model = modelOf(devices, shares, 72);
    const tables = await playScenarios({ model, scenarios, runs, seed: 1, workers });
    for (const [id, table] of tables) {
      const { stopped, harmed } = figuresOf(table, model);
      figures.push({
        what: `waves ${shares.map((share) => `${share * 100}%`).join(" ")}: ${id}`,
        measured: `${(stopped.mean * 100).toFixed(1)}% stopped, ${harmed.mean.toFixed(0)} harmed`,
      });
    }
  }
  return figures;
}

function scenario(id: string, rates: Partial<DefectRates>): Scenario {
  return { id, truth: { name: id, rates: everywhere(STRATA.length, rates) } };
}

/** Four strata of one size; a first wave of less than 1% is a smoke wave. */
function modelOf(devices: number, shares: readonly number[], bakeHours: number): RolloutModel {
  const each = devices / STRATA.length;
  const upTo = (wave: number): number => (wave < 0 ? 0 : Math.round(each * (shares[wave] ?? 1)));
  const bakeMs = bakeHours * HOUR_MS;
  const gate: RolloutModel["release"]["gate"] = {
    tolerate: 0.01,
    reject: 0.05,
    falseStop: 0.05,
    missedBad: 0.05,
    deadlineMs: 48 * HOUR_MS,
    bakeMs,
    // Beyond reach: a cap on a fleet of this size would stop every good release too.
    harmCap: devices,
    patienceMs: 14 * 24 * HOUR_MS,
    coverage: 0.9,
    onAbort: "roll back",
  };
  const waves = shares.map((share): Wave => ({
    name: `${share * 100}%`,
    cohort: { kind: "percent", percent: share * 100 },
    kind: share < 0.01 ? "smoke" : "evidence",
    bakeMs,
    approvals: 0,
  }));
  return {
    release: { waves, gate, watchMs: 7 * 24 * HOUR_MS },
    strata: STRATA,
    devices: STRATA.map(() => each),
    added: shares.map((_, wave) => STRATA.map(() => upTo(wave) - upTo(wave - 1))),
    laws: assumedLaws(gate),
    timing: {
      lookMs: HOUR_MS,
      queryLagMs: 0,
      evaluationMs: 5 * 60_000,
      activeWithinMs: 7 * 24 * HOUR_MS,
      contactsPerHour: Infinity,
    },
  };
}
