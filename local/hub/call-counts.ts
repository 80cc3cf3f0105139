import type { ThrottledClass } from "./tier.ts";

const NO_CALLS = {
  registry: 0,
  twinReads: 0,
  twinWrites: 0,
  queries: 0,
  configurations: 0,
  jobs: 0,
  directMethods: 0,
  cloudToDevice: 0,
  other: 0,
};
const NO_OPERATIONS = {
  connections: 0,
  twinReads: 0,
  reports: 0,
  desiredPatches: 0,
  messages: 0,
  // Sent to devices, each delivery.
  methods: 0,
  mail: 0,
};

/** Classes of requests to the service API, as the hub counts them. */
export type CallClass = keyof typeof NO_CALLS;

/** Classes of operations by devices, as the hub counts them. */
export type DeviceOperation = keyof typeof NO_OPERATIONS;

/** The names of all classes, each once. */
export const COUNTED_CLASSES: readonly string[] = [
  ...new Set([...Object.keys(NO_CALLS), ...Object.keys(NO_OPERATIONS)]),
];

/** How an operation ended: a status, or a fault that cut the connection or kept the answer back. */
export type AnswerStatus = number | "cut" | "no answer";

/** How many were answered with which status; see AnswerStatus for those without. */
export type AnswerCounts = Readonly<Partial<Record<AnswerStatus, number>>>;

/** What was asked of the hub since it started, refused requests included. */
export interface HubCalls extends Readonly<Record<CallClass, number>> {
  /** All requests to the service API. */
  readonly total: number;
  /** Requests to the service API that were answered 429. */
  readonly throttled: number;
  /** Operations that a limit of the tier refused, by its class, the fleet's included. */
  readonly throttledBy: Readonly<Partial<Record<ThrottledClass, number>>>;
  /** Requests to the service API by class and status; one that is being answered is not among them yet. */
  readonly answers: Readonly<Partial<Record<CallClass, AnswerCounts>>>;
  /** The traffic of the fleet; not part of the total. */
  readonly devices: Readonly<Record<DeviceOperation, number>>;
  /** Operations of the fleet by class and status. */
  readonly deviceAnswers: Readonly<Partial<Record<DeviceOperation, AnswerCounts>>>;
}

/** A running count of calls. */
export interface CallCounts {
  readonly countCall: (call: CallClass) => void;
  readonly countAnswer: (call: CallClass, status: AnswerStatus) => void;
  /** A limit of the tier refused an operation. */
  readonly countThrottled: (operations: ThrottledClass) => void;
  readonly countDevice: (operation: DeviceOperation) => void;
  readonly countDeviceAnswer: (operation: DeviceOperation, status: AnswerStatus) => void;
  readonly read: () => HubCalls;
}

type Answers<Name extends string> = Partial<Record<Name, Partial<Record<AnswerStatus, number>>>>;

/** Counts that start at zero. */
export function createCallCounts(): CallCounts {
  const calls = { ...NO_CALLS };
  const devices = { ...NO_OPERATIONS };
  const answers: Answers<CallClass> = {};
  const deviceAnswers: Answers<DeviceOperation> = {};
  const throttledBy: Partial<Record<ThrottledClass, number>> = {};
  let throttled = 0;
  return {
    countCall: (call) => {
      calls[call] += 1;
    },
    countAnswer: (call, status) => {
      count((answers[call] ??= {}), status);
      if (status === 429) throttled += 1;
    },
    countThrottled: (operations) => {
      count(throttledBy, operations);
    },
    countDevice: (operation) => {
      devices[operation] += 1;
    },
    countDeviceAnswer: (operation, status) => {
      count((deviceAnswers[operation] ??= {}), status);
    },
    read: () => ({
      ...calls,
      total: Object.values(calls).reduce((sum, count) => sum + count, 0),
      throttled,
      throttledBy: { ...throttledBy },
      answers: structuredClone(answers),
      devices: { ...devices },
      deviceAnswers: structuredClone(deviceAnswers),
    }),
  };
}

function count<Key extends PropertyKey>(counts: Partial<Record<Key, number>>, key: Key): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
