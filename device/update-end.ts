import type { DeviceState, Latch } from "./device-state.ts";
import type { Failure } from "./failure.ts";
import { firmwareReport } from "./firmware-report.ts";
import { latchFailure, withLatch } from "./latch.ts";
import type { Transition } from "./update-step.ts";

/** Longest free text in a report: it is for a portal's column, not a log. */
const LONGEST_SUBSTATUS = 256;

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
      substatus: end.failure.message.slice(0, LONGEST_SUBSTATUS),
      endedMs: end.atMs,
    },
    latchFailure(end.latch, end.failure),
  );
  return { state: ended, effects: [{ type: "report", reported: firmwareReport(ended) }] };
}
