import type { ActiveUpdate, DeviceState, Latch } from "./device-state.ts";
import type { Failure } from "./failure.ts";
import { firmwareReport } from "./firmware-report.ts";
import { expectLatch, latchFailure, latchSuccess, withLatch } from "./latch.ts";
import type { Transition } from "./update-step.ts";

/** Longest free text in a report: it is for a portal's column, not a log. */
const LONGEST_SUBSTATUS = 256;

/** A sentence as far as a report has room for it. */
export function shortened(sentence: string): string {
  return sentence.slice(0, LONGEST_SUBSTATUS);
}

/** End an attempt with its image running, and say so. */
export function endWell(
  state: DeviceState,
  { latch, atMs, substatus }: { readonly latch: Latch; readonly atMs: number; readonly substatus: string },
): Transition {
  const ended: DeviceState = withLatch(
    {
      ...state,
      update: undefined,
      trial: undefined,
      rolloutId: latch.rolloutId,
      status: "current",
      substatus,
      endedMs: atMs,
    },
    latch,
  );
  return { state: ended, effects: [{ type: "report", reported: firmwareReport(ended) }] };
}

/** End an attempt that did not succeed: `rolledback` when the device went back to the image before, else `error`. */
export function endFailed(
  state: DeviceState,
  end: {
    readonly latch: Latch;
    readonly atMs: number;
    readonly failure: Failure;
    readonly status: "error" | "rolledback";
  },
): Transition {
  const ended: DeviceState = withLatch(
    {
      ...state,
      update: undefined,
      rolloutId: end.latch.rolloutId,
      status: end.status,
      substatus: shortened(end.failure.message),
      endedMs: end.atMs,
    },
    latchFailure(end.latch, end.failure),
  );
  return { state: ended, effects: [{ type: "report", reported: firmwareReport(ended) }] };
}

/** End the attempt under way with its image running: it is the one to stay on. */
export function succeed(
  state: DeviceState,
  { update, atMs }: { readonly update: ActiveUpdate; readonly atMs: number },
): Transition {
  const latch = latchSuccess(expectLatch(state, update.rolloutId));
  const floor = update.floor ?? state.floor;
  const { state: ended, effects } = endWell(
    { ...state, floor },
    {
      latch,
      atMs,
      substatus: `runs ${state.running.version}`,
    },
  );
  return { state: ended, effects: [{ type: "confirm" }, ...effects] };
}

/** End the attempt under way as failed. */
export function fail(
  state: DeviceState,
  end: {
    readonly update: ActiveUpdate;
    readonly atMs: number;
    readonly failure: Failure;
    readonly status: "error" | "rolledback";
  },
): Transition {
  const { update, ...rest } = end;
  return endFailed(state, { ...rest, latch: expectLatch(state, update.rolloutId) });
}
