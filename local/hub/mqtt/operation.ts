import type { CallCounts, DeviceOperation } from "../call-counts.ts";
import type { HubClock } from "../clock.ts";
import { Unanswered, type FaultInjection } from "../faults.ts";
import type { HubLog } from "../hub-log.ts";
import { newTrackingId, serviceErrorFrom, type ServiceError } from "../service-error.ts";

/** What every operation of a device goes through. */
export interface OperationContext {
  readonly clock: HubClock;
  readonly faults: FaultInjection;
  readonly counts: CallCounts;
  readonly log: HubLog;
}

/** An operation as it is counted and logged. */
export interface Operation {
  readonly deviceId: string;
  readonly operation: DeviceOperation;
  /** The status it is counted with when it succeeds. */
  readonly status: 200 | 204;
}

/** How an operation ended. */
export type Outcome<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "refused"; readonly error: ServiceError; readonly trackingId: string }
  /** A fault: nothing may be answered, and the connection is to be cut or left as it is. */
  | { readonly kind: "unanswered"; readonly isCut: boolean };

/** Do a device's operation under the faults that are due, count it and log it; never rejects. */
export async function perform<Result>(
  { clock, faults, counts, log }: OperationContext,
  { deviceId, operation, status }: Operation,
  work: () => Promise<Result>,
): Promise<Outcome<Result>> {
  const startedAt = performance.now();
  const ended = (
    outcome: Outcome<Result>,
    how: number | "cut" | "no answer",
    refusal?: { code: string; trackingId: string },
  ): Outcome<Result> => {
    counts.countDeviceAnswer(operation, how);
    // A connection has an event of its own.
    if (operation !== "connections") {
      const ms = performance.now() - startedAt;
      log({ event: "device operation", deviceId, operation, status: how, ...refusal, ms });
    }
    return outcome;
  };
  try {
    const result = await faults.around({ api: "mqtt", call: operation, deviceId }, work);
    return ended({ kind: "done", result }, status);
  } catch (error) {
    if (error instanceof Unanswered) {
      const { isCut } = error;
      return ended({ kind: "unanswered", isCut }, isCut ? "cut" : "no answer");
    }
    const refusal = serviceErrorFrom(error);
    const trackingId = newTrackingId(clock.now());
    return ended({ kind: "refused", error: refusal, trackingId }, refusal.status, {
      code: refusal.code,
      trackingId,
    });
  }
}
