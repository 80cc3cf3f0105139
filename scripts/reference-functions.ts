/** The functions of the gate and the forecast by the names that a file of reference values gives them, and their arguments. */
import { createXoshiro128 } from "../rollout/forecast/random/xoshiro128.ts";
import { abortBoundary } from "../rollout/gate/abort-boundary.ts";
import { betaCdf } from "../rollout/gate/beta-tails.ts";
import { naiveStopChance } from "../rollout/gate/characteristics/naive-gate.ts";
import { operatingCharacteristic } from "../rollout/gate/characteristics/operating-characteristic.ts";
import { chanceUnseen } from "../rollout/gate/characteristics/pass-unseen.ts";
import { cumulativeIncidence } from "../rollout/gate/curves/cumulative-incidence.ts";
import { kaplanMeier } from "../rollout/gate/curves/kaplan-meier.ts";
import { betaQuantile } from "../rollout/gate/intervals/beta-quantile.ts";
import { binomialCdf, binomialSf } from "../rollout/gate/intervals/binomial.ts";
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
} from "../rollout/gate/intervals/clopper-pearson.ts";
import { confidenceSequence } from "../rollout/gate/intervals/confidence-sequence.ts";
import { fisherOneSided } from "../rollout/gate/intervals/fisher.ts";
import { hypergeometricCdf } from "../rollout/gate/intervals/hypergeometric.ts";
import type { Interval } from "../rollout/gate/intervals/interval.ts";
import { jeffreys } from "../rollout/gate/intervals/jeffreys.ts";
import { normalQuantile } from "../rollout/gate/intervals/normal.ts";
import { wilson } from "../rollout/gate/intervals/wilson.ts";
import { logBeta } from "../rollout/gate/log-beta.ts";
import { logEAbort } from "../rollout/gate/log-e-abort.ts";
import { logEPromote } from "../rollout/gate/log-e-promote.ts";
import { minWaveSize } from "../rollout/gate/min-wave-size.ts";
import { mixtureLogE } from "../rollout/gate/mixture-log-e.ts";
import { promoteBoundary } from "../rollout/gate/promote-boundary.ts";
import { spendObrienFleming, spendPocock } from "../rollout/gate/sequential/alpha-spending.ts";
import { conditionalLogRatio, conditionalShare } from "../rollout/gate/sequential/conditional-share.ts";
import { sprtDecisionNumbers, sprtLines, sprtLogRatio } from "../rollout/gate/sequential/sprt.ts";

/** Looks up an entry's arguments by name; refuses one that is missing or of another kind. */
export interface Arguments {
  readonly number: (name: string) => number;
  readonly numbers: (name: string) => readonly number[];
  /** A list of objects whose fields are numbers. */
  readonly records: (name: string) => readonly ((field: string) => number)[];
}

/** Computes what an entry states. */
export type Evaluate = (of: Arguments) => number | readonly number[];

/** Every function that can be checked. */
export const REFERENCE_FUNCTIONS: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  ["logBeta", (of) => logBeta(named(of, "a", "b"))],
  ["betaCdf", (of) => betaCdf(named(of, "x", "a", "b"))],
  ["betaQuantile", (of) => betaQuantile(named(of, "p", "a", "b"))],
  ["normalQuantile", (of) => normalQuantile(of.number("p"))],
  ["binomCdf", (of) => binomialCdf(named(of, "k", "n", "p"))],
  ["binomSf", (of) => binomialSf(named(of, "k", "n", "p"))],
  ["hypergeomCdf", (of) => hypergeometricCdf(named(of, "k", "fleet", "badInFleet", "sampled"))],
  ["wilson", (of) => ends(wilson(named(of, "k", "n", "conf")))],
  ["clopperPearson", (of) => ends(clopperPearson(named(of, "k", "n", "conf")))],
  ["clopperPearsonUpper", (of) => clopperPearsonUpper(named(of, "k", "n", "conf"))],
  ["clopperPearsonLower", (of) => clopperPearsonLower(named(of, "k", "n", "conf"))],
  ["jeffreys", (of) => ends(jeffreys(named(of, "k", "n", "conf")))],
  ["betaBinomialCS", (of) => ends(confidenceSequence(named(of, "k", "n", "alpha", "a", "b")))],
  ["fisherOneSided", (of) => fisherOneSided(treatedAndControl(named(of, "kT", "nT", "kC", "nC")))],
  ["mixtureLogE", (of) => mixtureLogE(named(of, "k", "n", "p", "a", "b"))],
  ["logEAbort", (of) => logEAbort(named(of, "k", "n", "p0", "a", "b"))],
  ["logEPromote", (of) => logEPromote(named(of, "k", "n", "p1", "a", "b"))],
  ["abortBoundary", (of) => abortBoundary(named(of, "n", "p0", "alpha", "a", "b"))],
  ["promoteBoundary", (of) => promoteBoundary(named(of, "n", "p1", "beta", "a", "b"))],
  ["minWaveSize", (of) => minWaveSize(named(of, "maxFailuresAllowed", "pMax", "conf"))],
  ["sprtLines", sprtLinesOf],
  ["sprtDecisionNumbers", sprtNumbersOf],
  ["sprtLogLR", (of) => sprtLogRatio(named(of, "k", "n", "p0", "p1"))],
  ["spendOBF", (of) => spendObrienFleming(named(of, "t", "alpha"))],
  ["spendPocock", (of) => spendPocock(named(of, "t", "alpha"))],
  ["conditionalShare", (of) => conditionalShare(named(of, "rho", "ratio"))],
  ["conditionalLogLR", conditionalLogRatioOf],
  ["probPassUnseen", (of) => chanceUnseen(named(of, "n", "p"))],
  ["naiveGateAbortProb", naiveStopChanceOf],
  ["gateOC", characteristicOf],
  ["kaplanMeier", kaplanMeierOf],
  ["aalenJohansen", aalenJohansenOf],
  ["xoshiro128starstar", xoshiroOf],
]);

function named<Name extends string>(of: Arguments, ...names: readonly Name[]): Record<Name, number> {
  // One number for each of the names, and no other.
  return Object.fromEntries(names.map((name) => [name, of.number(name)])) as Record<Name, number>;
}

function ends({ lower, upper }: Interval): readonly number[] {
  return [lower, upper];
}

function treatedAndControl({
  kT,
  nT,
  kC,
  nC,
}: Record<"kT" | "nT" | "kC" | "nC", number>): Parameters<typeof fisherOneSided>[0] {
  return { badTreated: kT, treated: nT, badControl: kC, control: nC };
}

function sprtLinesOf(of: Arguments): readonly number[] {
  const { logA, logB, slope, abortAt, promoteAt } = sprtLines(named(of, "p0", "p1", "alpha", "beta"));
  return [logA, logB, slope, abortAt, promoteAt];
}

function sprtNumbersOf(of: Arguments): readonly number[] {
  const { promoteUpTo, abortFrom } = sprtDecisionNumbers(named(of, "n", "p0", "p1", "alpha", "beta"));
  return [promoteUpTo, abortFrom];
}

function conditionalLogRatioOf(of: Arguments): number {
  const ticks = of.records("ticks").map((field) => ({
    rho: field("rho"),
    eventsTreated: field("eventsTreated"),
    eventsControl: field("eventsControl"),
  }));
  return conditionalLogRatio({ ticks, ratio: of.number("hazardRatio"), nullRatio: of.number("nullRatio") });
}

function naiveStopChanceOf(of: Arguments): number {
  const { p, N } = named(of, "p", "N");
  return naiveStopChance(named(of, "threshold", "minFinished"), { rate: p, devices: N });
}

function characteristicOf(of: Arguments): readonly number[] {
  const { p, N } = named(of, "p", "N");
  const found = operatingCharacteristic(named(of, "p0", "alpha", "p1", "beta", "a", "b"), {
    rate: p,
    devices: N,
  });
  return [found.abort, found.promote, found.undecided, found.meanDevices];
}

function kaplanMeierOf(of: Arguments): readonly number[] {
  const events = of.numbers("event");
  const lifetimes = of.numbers("times").map((time, index) => ({ time, isEvent: events[index] === 1 }));
  const { survival, standardError, lower, upper } = kaplanMeier({ lifetimes, ...named(of, "at", "conf") });
  return [survival, standardError, lower, upper];
}

/** By the file's codes: 0 is a device lost sight of. */
const CAUSES = [undefined, "success", "failure"];

function aalenJohansenOf(of: Arguments): readonly number[] {
  const codes = of.numbers("event");
  const devices = of.numbers("times").map((time, index) => ({ time, cause: CAUSES[codes[index] ?? 0] }));
  const { byCause, unresolved } = cumulativeIncidence({ ends: devices, at: of.number("at") });
  return [byCause.get("success") ?? 0, byCause.get("failure") ?? 0, unresolved];
}

function xoshiroOf(of: Arguments): readonly number[] {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = of.numbers("state");
  const generator = createXoshiro128([s0, s1, s2, s3]);
  // The reference lists the first eight.
  return Array.from({ length: 8 }, () => generator.nextUint32());
}
