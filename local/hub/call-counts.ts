/** Classes of requests to the service API, as the hub counts them. */
export type CallClass = "registry" | "twinReads" | "twinWrites" | "queries" | "configurations" | "other";

/** Classes of operations by devices, as the hub counts them. */
export type DeviceOperation = "connections" | "twinReads" | "reports" | "desiredPatches" | "messages";

/** What was asked of the hub since it started, refused requests included. */
export interface HubCalls extends Readonly<Record<CallClass, number>> {
  /** All requests to the service API. */
  readonly total: number;
  /** Requests to the service API that were answered 429. */
  readonly throttled: number;
  /** The traffic of the fleet; not part of the total. */
  readonly devices: Readonly<Record<DeviceOperation, number>>;
}

/** A running count of calls. */
export interface CallCounts {
  readonly countCall: (call: CallClass) => void;
  readonly countThrottled: () => void;
  readonly countDevice: (operation: DeviceOperation) => void;
  readonly read: () => HubCalls;
}

/** Counts that start at zero. */
export function createCallCounts(): CallCounts {
  const calls: Record<CallClass, number> = {
    registry: 0,
    twinReads: 0,
    twinWrites: 0,
    queries: 0,
    configurations: 0,
    other: 0,
  };
  const devices: Record<DeviceOperation, number> = {
    connections: 0,
    twinReads: 0,
    reports: 0,
    desiredPatches: 0,
    messages: 0,
  };
  let throttled = 0;
  return {
    countCall: (call) => {
      calls[call] += 1;
    },
    countThrottled: () => {
      throttled += 1;
    },
    countDevice: (operation) => {
      devices[operation] += 1;
    },
    read: () => ({
      ...calls,
      total: Object.values(calls).reduce((sum, count) => sum + count, 0),
      throttled,
      devices: { ...devices },
    }),
  };
}
