import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Compared, Size } from "./compare.ts";

/** What a worker is given: a contender, by its name. */
export interface Job {
  readonly name: string;
  readonly size: Size;
}

/** Compare contenders, one a core at a time; the answers do not depend on how many cores there are. */
export async function compareInParallel(names: readonly string[], size: Size): Promise<readonly Compared[]> {
  const waiting = [...names.entries()];
  const compared: Compared[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, name] = next;
      compared[index] = await compareApart({ name, size });
    }
  };
  await Promise.all(Array.from({ length: Math.min(names.length, availableParallelism()) }, work));
  return compared;
}

function compareApart(job: Job): Promise<Compared> {
  const { promise, resolve, reject } = Promise.withResolvers<Compared>();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: job });
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => {
    reject(new Error(`the worker that compares ${job.name} ended with code ${code} and no answer`));
  });
  return promise;
}
