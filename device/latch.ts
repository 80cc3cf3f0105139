import type { Outcome } from "../rollout/model/twin-contract.ts";
import type { DeviceState, Latch } from "./device-state.ts";
import type { Failure } from "./failure.ts";

/** Attempts a device remembers; the one not spoken of for longest is forgotten first. */
export const LATCH_LIMIT = 64;

/** What is remembered of an attempt. */
export function findLatch(state: DeviceState, rolloutId: string): Latch | undefined {
  return state.latches.find((latch) => latch.rolloutId === rolloutId);
}

/** What is remembered of the attempt under way: it was remembered when it began. */
export function expectLatch(state: DeviceState, rolloutId: string): Latch {
  const latch = findLatch(state, rolloutId);
  if (latch === undefined) throw new Error(`bug: the attempt under way, ${rolloutId}, is not remembered`);
  return latch;
}

/** Remember an attempt, or what has become of it. */
export function withLatch(state: DeviceState, latch: Latch): DeviceState {
  const others = state.latches.filter(({ rolloutId }) => rolloutId !== latch.rolloutId);
  return { ...state, latches: [...others, latch].slice(-LATCH_LIMIT) };
}

/**
 * The attempt's image runs and is well. The first end of an attempt stands, but for a success that fails later: a
 * failure stays one and says that it came right, and an attempt that had nothing to do stays out of every rate.
 */
export function latchSuccess(latch: Latch): Latch {
  return { ...latch, outcome: outcomeOfSuccess(latch.outcome), recovered: latch.outcome === "failed" };
}

/** The attempt failed, at first or after all. */
export function latchFailure(latch: Latch, failure: Failure): Latch {
  return { ...latch, outcome: "failed", errorCode: failure.code, recovered: false };
}

/** Whether an image is the one an attempt ended with, and stays. */
export function runsProven(latch: Latch, { sha256 }: { readonly sha256: string }): boolean {
  const stays =
    latch.outcome === "ok" ||
    latch.outcome === "ok-already" ||
    latch.recovered ||
    latch.errorCode === "VERSION_MISMATCH";
  return stays && sha256 === latch.asked.sha256;
}

function outcomeOfSuccess(before: Outcome): Outcome {
  switch (before) {
    case "contacted":
      return "ok";
    case "ok":
    case "failed":
    case "ok-already":
    case "newer":
      return before;
  }
}
