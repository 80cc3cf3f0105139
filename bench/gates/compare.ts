import type { StopRule } from "../../rollout/forecast/stop-rule.ts";
import type { Contender } from "./contender.ts";
import { CONTENDERS } from "./contenders.ts";
import { GATE, KINDS, TOLERATED, truthOf } from "./fleet.ts";
import { playMany, type Played } from "./play.ts";
import { tune, type Tuning } from "./tune.ts";

/** How much is played. */
export interface Size {
  readonly seed: number;
  /** Rollouts a cell of the tables. */
  readonly runs: number;
  /** Rollouts of a tolerated release on which a setting is judged while a rule is tuned. */
  readonly tuningRuns: number;
  /** Halvings of the range of settings. */
  readonly steps: number;
  /** Failure rates, 0 to 1. */
  readonly rates: readonly number[];
}

/** The whole comparison; five minutes of processor time. */
export const FULL_SIZE: Size = {
  seed: 20_251,
  runs: 500,
  tuningRuns: 2000,
  steps: 12,
  rates: [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2],
};

/** One rule with one setting, over all kinds of defects and rates. */
export interface Row {
  readonly name: string;
  readonly settings: string;
  /** Share of tolerated releases stopped, of `tuningRuns`. */
  readonly falseStop: number;
  /** By kind of defect, then by rate. */
  readonly cells: readonly (readonly Played[])[];
}

/** A contender, as documented and tuned. */
export interface Compared {
  readonly documented: Row;
  readonly tuned: Row;
  readonly tuning: Tuning;
}

/** Tune one contender to `falseStop`, and play everything with it. */
export function compareContender(name: string, size: Size): Compared {
  const { documented, tuned } = contenderOf(name);
  const rateOf = (rule: StopRule): number =>
    playMany({ rule, truth: TOLERATED, runs: size.tuningRuns, seed: size.seed }).stopped;
  const rowOf = (rule: StopRule, settings: string, falseStop = rateOf(rule)): Row => ({
    name,
    settings,
    falseStop,
    cells: KINDS.map((kind) =>
      size.rates.map((rate) =>
        playMany({ rule, truth: truthOf(kind, rate), runs: size.runs, seed: size.seed }),
      ),
    ),
  });
  const [strictest, most] = tuned.between;
  const tuning = tune({
    rateOf: (setting) => rateOf(tuned.ruleAt(setting)),
    strictest,
    most,
    target: GATE.falseStop,
    steps: size.steps,
  });
  const { setting, rate } = tuning.chosen;
  return {
    documented: rowOf(documented.rule, documented.settings),
    tuned: rowOf(tuned.ruleAt(setting), tuned.settingsAt(setting), rate),
    tuning,
  };
}

function contenderOf(name: string): Contender {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (found !== undefined) return found;
  const known = CONTENDERS.map((contender) => contender.name).join(", ");
  throw new RangeError(`no rule called ${JSON.stringify(name)} takes part; there are ${known}`);
}
