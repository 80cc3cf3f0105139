import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { DeviceError } from "../../failure.ts";
import type { Hardware } from "./wasm-image.ts";
import type { BoardAnswer, BoardOrder } from "./wasm-worker.ts";

/** Firmware at work on a board of its own, behind a watchdog. */
export interface BoardFirmware {
  /** The version text in the image's own data. */
  readonly version: string;
  /** Rejects with `SELF_TEST_FAILED` when the image traps, and with `HUNG` when it does not answer in time. */
  selfTest(): Promise<void>;
  /** Switch the board off; nothing is asked of it after that. */
  stop(): Promise<void>;
}

/** What a board starts. */
export interface BoardOptions {
  readonly image: Uint8Array;
  readonly hardware: Hardware;
  /** Real milliseconds the image has for its start, and again for each self-test. */
  readonly watchdogMs: number;
}

/** Beside this file, and of its kind: in the package both are JavaScript. */
const WORKER = new URL(`./wasm-worker${extname(import.meta.filename)}`, import.meta.url);

/**
 * One thread holds the boards of all simulated devices of the process: three hundred of them, with a thread each, would
 * not fit a laptop. An image that hangs takes the thread down; the others' images are then started again.
 */
let thread: { readonly worker: Worker; readonly boards: Set<number> } | undefined;
let orders: Promise<unknown> = Promise.resolve();
let boards = 0;

/** Start an image; rejects with `BOOT_FAILED` when it does not start, and with `HUNG` when its start does not end. */
export async function startOnBoard({ image, hardware, watchdogMs }: BoardOptions): Promise<BoardFirmware> {
  const board = ++boards;
  const start = (): Promise<string> => order({ type: "start", board, image, hardware }, watchdogMs);
  const version = await inTurn(start);
  return {
    version,
    selfTest: () =>
      inTurn(async () => {
        // Another device's image took the thread down: to this board that was a reset.
        if (thread?.boards.has(board) !== true) await start();
        await order({ type: "selfTest", board }, watchdogMs);
      }),
    stop: () =>
      inTurn(async () => {
        if (thread?.boards.has(board) === true) await order({ type: "stop", board }, watchdogMs);
      }),
  };
}

/** One order at a time: an image's time begins when the thread is its own. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = orders.then(work);
  orders = done.catch(() => undefined);
  return done;
}

async function order(what: BoardOrder, watchdogMs: number): Promise<string> {
  thread ??= await startThread();
  const { worker, boards: held } = thread;
  const { promise, resolve, reject } = Promise.withResolvers<BoardAnswer>();
  const watchdog = setTimeout(() => {
    reject(new DeviceError("HUNG", `The image did not answer in ${watchdogMs} ms: ${what.type}`));
  }, watchdogMs);
  const ended = (code: number): void => {
    reject(new DeviceError("BOOT_FAILED", `The image took its board down: exit ${code}`));
  };
  worker.ref();
  worker.once("message", resolve).once("error", reject).once("exit", ended);
  try {
    worker.postMessage(what);
    const answer = await promise;
    if (answer.type === "failed") throw new DeviceError(answer.failure.code, answer.failure.message);
    if (what.type === "start") held.add(what.board);
    if (what.type === "stop") held.delete(what.board);
    return answer.version;
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code === "HUNG") {
      thread = undefined;
      await worker.terminate();
    }
    throw error;
  } finally {
    clearTimeout(watchdog);
    worker.off("message", resolve).off("error", reject).off("exit", ended);
    worker.unref();
  }
}

async function startThread(): Promise<NonNullable<typeof thread>> {
  const worker = new Worker(WORKER);
  worker.unref();
  const started = { worker, boards: new Set<number>() };
  // A thread that ends between two orders is replaced at the next.
  worker.once("exit", () => {
    if (thread === started) thread = undefined;
  });
  worker.ref();
  // Its modules are loaded: from here on, time is the image's.
  await once(worker, "message");
  return started;
}
