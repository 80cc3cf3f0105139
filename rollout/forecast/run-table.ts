import { rolloutPlayer, PHASES } from "./play-rollout.ts";
import type { RolloutModel } from "./rollout-model.ts";
import type { StopRule } from "./stop-rule.ts";
import type { Truth } from "./truth.ts";

/** Many rollouts of one scenario, a column each for what became of them; the place of a rollout is its replication. */
export interface RunTable {
  readonly runs: number;
  /** Index into `ENDS`. */
  readonly end: Uint8Array;
  /** Index of the wave it ended in; the number of waves once it had reached everyone. */
  readonly wave: Uint16Array;
  readonly harmed: Int32Array;
  /** Failed and silent devices that could be seen at the end. */
  readonly seen: Int32Array;
  readonly inFlight: Int32Array;
  readonly looks: Int32Array;
  /** Harmed devices by stratum: the strata of one rollout after those of the other. */
  readonly harmedByStratum: Int32Array;
  /** Looks by wave and phase, in the same way. */
  readonly looksByPhase: Int32Array;
}

/** The ways a rollout ends, as a table counts them. */
export const ENDS = ["settled", "stopped", "stuck"] as const;

/** Some replications of one scenario: from `from` up to, not including, `to`. */
export interface RunRange {
  readonly seed: number;
  /** Number of the scenario, for the random numbers: the same in forecasts that are to be compared. */
  readonly scenario: number;
  readonly from: number;
  readonly to: number;
}

/** Plays rollouts of one model under one rule; what scenarios share is set up once. */
export function createRunner(
  model: RolloutModel,
  rule: StopRule,
): (truth: Truth, range: RunRange) => RunTable {
  const play = rolloutPlayer(model, rule);
  const strata = model.strata.length;
  const cells = model.release.waves.length * PHASES.length;
  return (truth, { seed, scenario, from, to }) => {
    const table = emptyTable(to - from, strata, cells);
    for (let run = 0; run < to - from; run++) {
      const played = play(truth, { seed, scenario, replication: from + run });
      table.end[run] = ENDS.indexOf(played.end);
      table.wave[run] = played.wave;
      table.harmed[run] = played.harmed;
      table.seen[run] = played.seen;
      table.inFlight[run] = played.inFlight;
      table.looks[run] = played.looks;
      table.harmedByStratum.set(played.harmedByStratum, run * strata);
      table.looksByPhase.set(played.looksByPhase, run * cells);
    }
    return table;
  };
}

/** Tables of consecutive ranges as one: who played which range makes no difference. */
export function joinedTables(tables: readonly RunTable[]): RunTable {
  const [first] = tables;
  if (first === undefined) throw new RangeError("there is no table to join");
  if (tables.length === 1) return first;
  const runs = tables.reduce((sum, table) => sum + table.runs, 0);
  const joined = emptyTable(
    runs,
    first.harmedByStratum.length / first.runs,
    first.looksByPhase.length / first.runs,
  );
  let at = 0;
  for (const table of tables) {
    for (const column of COLUMNS) joined[column].set(table[column], (at / runs) * joined[column].length);
    at += table.runs;
  }
  return joined;
}

const COLUMNS = [
  "end",
  "wave",
  "harmed",
  "seen",
  "inFlight",
  "looks",
  "harmedByStratum",
  "looksByPhase",
] as const satisfies readonly (keyof RunTable)[];

function emptyTable(runs: number, strata: number, cells: number): RunTable {
  return {
    runs,
    end: new Uint8Array(runs),
    wave: new Uint16Array(runs),
    harmed: new Int32Array(runs),
    seen: new Int32Array(runs),
    inFlight: new Int32Array(runs),
    looks: new Int32Array(runs),
    harmedByStratum: new Int32Array(runs * strata),
    looksByPhase: new Int32Array(runs * cells),
  };
}
