import { extname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { gateRule } from "../../forecast/gate-rule.ts";
import type { RolloutModel } from "../../forecast/rollout-model.ts";
import { createRunner, joinedTables, type RunTable } from "../../forecast/run-table.ts";
import { scenarioNumber, type Scenario } from "../../forecast/scenarios.ts";
import { WavegateError } from "../../model/problem.ts";
import type { WorkerTask } from "./forecast-worker.ts";

/** What is to be played. */
export interface ScenarioRuns {
  readonly model: RolloutModel;
  readonly scenarios: readonly Scenario[];
  /** Rollouts of each scenario. */
  readonly runs: number;
  readonly seed: number;
  /** Processes' threads to play in; 1 plays in this one. */
  readonly workers: number;
  readonly signal?: AbortSignal;
}

/** Beside this file, and of its kind: in the package both are JavaScript. */
const WORKER = new URL(`./forecast-worker${extname(import.meta.filename)}`, import.meta.url);

/** Rollouts that one task plays: small enough that all threads end together. */
const TASK_RUNS = 250;

/** Play scenarios, by their ids. Which thread plays what makes no difference to the numbers. */
export async function playScenarios(input: ScenarioRuns): Promise<ReadonlyMap<string, RunTable>> {
  const { scenarios, runs, seed, workers } = input;
  const tasks = scenarios.flatMap((scenario) =>
    Array.from({ length: Math.ceil(runs / TASK_RUNS) }, (_, part) => ({
      id: scenario.id,
      truth: scenario.truth,
      range: {
        seed,
        scenario: scenarioNumber(scenario),
        from: part * TASK_RUNS,
        to: Math.min(runs, (part + 1) * TASK_RUNS),
      },
    })),
  );
  const numbered = tasks.map((task, index) => ({ ...task, task: index }));
  const tables = await (workers <= 1 ? playHere : playInThreads)(input, numbered);
  return new Map(
    scenarios.map(({ id }) => [id, joinedTables(tables.filter((_, index) => tasks[index]?.id === id))]),
  );
}

async function playHere(
  { model, signal }: ScenarioRuns,
  tasks: readonly WorkerTask[],
): Promise<readonly RunTable[]> {
  const run = createRunner(model, gateRule);
  const tables: RunTable[] = [];
  for (const { truth, range } of tasks) {
    // Without a turn for others nobody would hear of Ctrl-C.
    await turn();
    if (signal?.aborted === true) throw interrupted();
    tables.push(run(truth, range));
  }
  return tables;
}

async function playInThreads(
  { model, workers, signal }: ScenarioRuns,
  tasks: readonly WorkerTask[],
): Promise<readonly RunTable[]> {
  // An event that has been is not told again.
  if (signal?.aborted === true) throw interrupted();
  const tables: RunTable[] = [];
  const waiting = [...tasks];
  const threads = Array.from(
    { length: Math.min(workers, tasks.length) },
    () => new Worker(WORKER, { workerData: model }),
  );
  const ended = threads.map(
    (thread) =>
      new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const task = waiting.shift();
          if (task === undefined) resolve();
          else thread.postMessage(task);
        };
        thread.on("message", ({ task, table }: { readonly task: number; readonly table: RunTable }) => {
          tables[task] = table;
          next();
        });
        thread.on("error", reject);
        next();
      }),
  );
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(interrupted());
  };
  signal?.addEventListener("abort", onAbort);
  try {
    await Promise.race([Promise.all(ended), aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return tables;
}

function interrupted(): WavegateError {
  return new WavegateError("INTERRUPTED", "the forecast was interrupted", {
    hint: "fewer rollouts are faster: wavegate forecast --runs 200",
  });
}
