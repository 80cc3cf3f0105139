import { parentPort, workerData } from "node:worker_threads";
import { gateRule } from "../../forecast/gate-rule.ts";
import type { RolloutModel } from "../../forecast/rollout-model.ts";
import { createRunner, type RunRange } from "../../forecast/run-table.ts";
import type { Truth } from "../../forecast/truth.ts";

/** What a worker is asked: one range of one scenario, under a number of its own. */
export interface WorkerTask {
  readonly task: number;
  readonly truth: Truth;
  readonly range: RunRange;
}

// Only the parent process starts this file, with a model.
const run = createRunner(workerData as RolloutModel, gateRule);
parentPort?.on("message", ({ task, truth, range }: WorkerTask) => {
  parentPort?.postMessage({ task, table: run(truth, range) });
});
