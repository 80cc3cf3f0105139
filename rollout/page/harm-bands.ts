import { ownValue } from "../model/own-value.ts";
import { figuresOf } from "../forecast/figures.ts";
import { fitLaws } from "../forecast/fit-laws.ts";
import { gateRule } from "../forecast/gate-rule.ts";
import { assumedLaws } from "../forecast/laws.ts";
import { forecastLookMs } from "../forecast/model-timing.ts";
import { pastRolloutOf } from "../forecast/past-rollout.ts";
import type { RecordedCourse } from "../forecast/replay/recorded-course.ts";
import type { RolloutModel } from "../forecast/rollout-model.ts";
import { createRunner } from "../forecast/run-table.ts";
import { curveScenarioId, scenarioNumber } from "../forecast/scenarios.ts";
import { everywhere } from "../forecast/truth.ts";
import { wavesByShare } from "../forecast/waves-by-share.ts";
import { formatDuration } from "../model/duration.ts";
import { EVALUATION_MS } from "../model/hub-limits.ts";
import { totalOf } from "../model/question.ts";
import type { LookedCourse } from "./looked-course.ts";

/** Devices that a release harms in a forecast from its own records, at the two rates of its gate. */
export interface HarmBands {
  /** A release that fails on as many devices as are tolerated. */
  readonly tolerated: HarmBand;
  /** A release that must not ship. */
  readonly rejected: HarmBand;
  /** What was taken for granted, in sentences. */
  readonly assumptions: readonly string[];
}

/** Devices harmed when a rollout ends. */
export interface HarmBand {
  /** Failure rate, as a fraction. */
  readonly rate: number;
  readonly mean: number;
  /** In 95 of 100 rollouts no more. */
  readonly p95: number;
  /** Chance that the gate stops it. */
  readonly stopped: number;
}

/** Rollouts that are played of each rate: the error of a mean is a few percent, which no picture shows. */
const RUNS = 200;
const SEED = 1;
/**
 * Play a release as it was declared over the fleet as it was at the start: by the devices of each stratum that its first
 * record froze, and by what earlier rollouts of the product say of the fleet. undefined where the record is from before
 * strata were counted, and for an attempt that is for some devices only.
 */
export function harmBands(course: RecordedCourse, earlier: readonly LookedCourse[]): HarmBands | undefined {
  const [first] = course.steps;
  if (first === undefined || first.intent.only !== undefined) return undefined;
  const { release, population = {}, added } = first.intent;
  const strata = Object.keys(population)
    .filter((stratum) => (ownValue(population, stratum) ?? 0) > 0)
    .sort();
  if (strata.length === 0) return undefined;
  const devices = strata.map((stratum) => ownValue(population, stratum) ?? 0);
  const past = earlier.flatMap((one) => pastRolloutOf(one.course, one.looks) ?? []);
  const laws = fitLaws(past, release.gate) ?? assumedLaws(release.gate);
  const lookMs = forecastLookMs(release.gate);
  const waves = wavesByShare({ release, devices, taggedDevices: totalOf(added) });
  const model: RolloutModel = {
    release,
    strata,
    devices,
    added: waves.added,
    laws,
    timing: {
      lookMs,
      queryLagMs: course.queryLagMs,
      evaluationMs: EVALUATION_MS,
      activeWithinMs: course.activeWithinMs,
      contactsPerHour: Infinity,
    },
  };
  const play = createRunner(model, gateRule);
  const at = (rate: number): HarmBand => {
    const name = curveScenarioId("reported", rate);
    const truth = { name, rates: everywhere(strata.length, { reported: rate }) };
    const range = { seed: SEED, scenario: scenarioNumber({ id: name }), from: 0, to: RUNS };
    const { harmed, stopped } = figuresOf(play(truth, range), model);
    return { rate, mean: harmed.mean, p95: harmed.p95, stopped: stopped.mean };
  };
  return {
    tolerated: at(release.gate.tolerate),
    rejected: at(release.gate.reject),
    assumptions: [
      `${RUNS} rollouts of each rate, over the ${totalOf(population)} devices of the start, waves dealt out by their shares`,
      `contacts and delays ${laws.source}`,
      `a look every ${formatDuration(lookMs)}, queries lag ${formatDuration(course.queryLagMs)}; no throttle, calendar or approval in the way`,
    ],
  };
}
