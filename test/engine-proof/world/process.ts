import { WavegateError } from "../../../rollout/model/problem.ts";
import type { ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { callName, isEffect } from "./calls.ts";
import { portsOf, type Gate } from "./ports.ts";
import type { World } from "./world.ts";

/**
 * What becomes of one call. `answer lost`: it took effect, and the caller hears of a time-out; `delayed`: the caller
 * hears of a time-out, and the request arrives later; `unreachable`: it never does.
 */
export type Fate = "answered" | (typeof FATES)[number] | "unreachable";

/** What goes wrong with a call in a schedule. */
export const FATES = ["crash before", "crash after", "answer lost", "delayed", "throttled"] as const;

/** A process between two of its calls: it goes on only when it is told to. */
export interface Process {
  /** The call it is about to make; undefined: it has ended. */
  readonly next: Call | undefined;
  /** Let its next call meet its fate, and go on to the one after it. */
  go(fate?: Fate): Promise<void>;
  /** How it ended, if it failed. */
  readonly failure: unknown;
}

/** No run comes near it. */
const MOST_CALLS = 2_000;

interface Call {
  readonly name: string;
  readonly isEffect: boolean;
  readonly hub: number | undefined;
}

interface Waiting extends Call {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Begin a process; it stands before its first call when this returns. */
export async function begin(
  world: World,
  run: (ports: ReconcilePorts) => Promise<unknown>,
): Promise<Process> {
  // Several calls may be under way at once: hubs are listed together.
  const waiting: Waiting[] = [];
  let calls = 0;
  let isOver = false;
  let failure: unknown;
  let arrived: () => void = () => undefined;
  const gate: Gate = ({ method, argument, hub, run: effect }) =>
    new Promise((resolve, reject) => {
      const name = callName(method, argument);
      waiting.push({ name, isEffect: isEffect(method), hub, run: effect, resolve, reject });
      arrived();
    });
  /** Until it stands before a call, or is over. */
  const settleAfter = async (release: () => void): Promise<void> => {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    release();
    if (waiting.length === 0 && !isOver) await arrival;
  };
  const end = (error?: unknown): void => {
    isOver = true;
    failure = error;
    arrived();
  };
  await settleAfter(() => {
    run(portsOf(world, gate)).then(() => {
      end();
    }, end);
  });

  return {
    get next() {
      return isOver ? undefined : waiting[0];
    },
    get failure() {
      return failure;
    },
    go: async (fate = "answered") => {
      const call = isOver ? undefined : waiting.shift();
      if (call === undefined) return;
      // Nothing here waits for time, so no time-out would ever come between.
      if (++calls > MOST_CALLS) throw new Error(`one run made ${MOST_CALLS} calls and goes on`);
      // A process that crashed is never heard of again: its calls are never answered.
      if (fate === "crash before") isOver = true;
      else if (fate === "crash after") {
        attempt(call.run);
        isOver = true;
      } else {
        await settleAfter(() => {
          meet(world, call, fate);
        });
      }
    },
  };
}

function meet(world: World, call: Waiting, fate: Exclude<Fate, "crash before" | "crash after">): void {
  const timedOut =
    call.hub === undefined
      ? new WavegateError("RECORD_STORE_FAILED", "no answer in time", { hint: "" })
      : new WavegateError("HUB_UNREACHABLE", "no answer in time", { hint: "" });
  switch (fate) {
    case "answered":
      try {
        call.resolve(call.run());
      } catch (error) {
        call.reject(error);
      }
      return;
    case "answer lost":
      attempt(call.run);
      call.reject(timedOut);
      return;
    case "delayed":
      world.late.push({
        name: call.name,
        run: () => {
          attempt(call.run);
        },
      });
      call.reject(timedOut);
      return;
    case "unreachable":
      call.reject(timedOut);
      return;
    case "throttled":
      call.reject(
        call.hub === undefined ? timedOut : new WavegateError("HUB_THROTTLED", "429", { hint: "" }),
      );
      return;
  }
}

/** Nobody hears how it went. */
function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof WavegateError)) throw error;
  }
}

/** Run to the end with nothing in the way. */
export async function finish(process: Process): Promise<void> {
  while (process.next !== undefined) await process.go();
}
