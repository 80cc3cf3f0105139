import { parentPort, workerData } from "node:worker_threads";
import { compareContender } from "./compare.ts";
import type { Job } from "./in-parallel.ts";

// What `in-parallel.ts` starts this with.
const { name, size } = workerData as Job;
parentPort?.postMessage(compareContender(name, size));
