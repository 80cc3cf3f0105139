import { randomBytes } from "node:crypto";
import type { HubClock } from "./clock.ts";
import type { DeviceStore } from "./device-store.ts";
import { isDeeperThan, MAX_JSON_DEPTH } from "./json-depth.ts";
import { jsonOrUndefined, type JsonValue } from "./json-value.ts";
import {
  checkMethodRequest,
  MAX_METHOD_PAYLOAD_BYTES,
  payloadBytes,
  payloadText,
  type MethodRequest,
} from "./method-request.ts";
import type { DailyQuota } from "./quota.ts";
import { ServiceError } from "./service-error.ts";
import { within } from "./time-limit.ts";

/** What a device answered to a method. */
export interface MethodResult {
  /** Of the device's choice. */
  readonly status: number;
  readonly payload: JsonValue;
}

/** A call on its way to a device. */
export interface MethodDelivery {
  readonly methodName: string;
  readonly requestId: string;
  readonly payload: string;
}

/** An answer as a device sent it. */
export interface MethodAnswer {
  readonly requestId: string;
  readonly status: number;
  readonly payload: Buffer | string;
}

/** How devices are reached. */
export interface MethodLink {
  /** Whether a device is connected and has subscribed to methods. */
  readonly isListening: (key: string) => boolean;
  readonly sendMethod: (key: string, delivery: MethodDelivery) => void;
}

/** Direct methods, between those who invoke them and the devices. */
export interface DirectMethods {
  /**
   * Invoke a method on a device or module (`device/module`) and wait for its answer; not throttled, that is its callers'
   * matter, but counted against the daily quota. Rejects with a ServiceError: 404001 for a device that is not registered,
   * 404103 for one that is not connected and subscribed in time, or disconnects with the call pending [G], 504101 for
   * one that does not answer in time.
   */
  readonly invoke: (key: string, request: MethodRequest) => Promise<MethodResult>;
  /** A device began to listen. */
  readonly listens: (key: string) => void;
  /** A device's connection ended. */
  readonly left: (key: string) => void;
  /** A device answered; ignored unless it is the answer to a call that waits for this device. */
  readonly answered: (key: string, answer: MethodAnswer) => void;
}

/** Most calls that may wait at once, since each holds its payload [G]. */
const MAX_PENDING_CALLS = 10_000;

type Settle = (answer: MethodAnswer | "left") => void;

/** Nobody calls yet. */
export function createDirectMethods(options: {
  readonly clock: HubClock;
  readonly closing: AbortSignal;
  readonly devices: DeviceStore;
  readonly quota: DailyQuota;
  /** Asked for when it is needed: who reaches devices needs this here first. */
  readonly link: () => MethodLink;
}): DirectMethods {
  const { clock, closing, devices, quota, link } = options;
  const comers = new Map<string, Set<() => void>>();
  const calls = new Map<string, Map<string, Settle>>();
  let pending = 0;

  const toListen = async (key: string, ms: number): Promise<void> => {
    if (link().isListening(key)) return;
    const coming = Promise.withResolvers<undefined>();
    const tell = (): void => {
      coming.resolve(undefined);
    };
    if (ms > 0) await awaitedIn(comers, { key, tell }, () => within({ clock, ms, closing }, coming.promise));
    if (link().isListening(key)) return;
    quota.charge(0); // the answer that tells so is a message too [IoT Hub billing information, D]
    throw new ServiceError(404, "DeviceNotOnline", {
      message: "Timed out waiting for device to connect.",
      info: { timeout: duration(ms) },
    });
  };
  const toAnswer = async (key: string, request: MethodRequest): Promise<MethodAnswer> => {
    const requestId = randomBytes(8).toString("hex");
    const answer = Promise.withResolvers<MethodAnswer | "left">();
    const ofDevice = calls.get(key) ?? new Map<string, Settle>();
    calls.set(key, ofDevice.set(requestId, answer.resolve));
    try {
      link().sendMethod(key, { methodName: request.methodName, requestId, payload: payloadText(request) });
      const { responseTimeoutMs: ms = 30_000 } = request;
      const outcome = await within({ clock, ms, closing }, answer.promise);
      if (outcome === undefined)
        throw new ServiceError(504, "GatewayTimeout", {
          message: "Timed out waiting for the response from device.",
          info: {},
        });
      // The SDK says of a device that answers later: "the service already considers the method has failed" [S, G].
      if (outcome === "left")
        throw new ServiceError(404, "DeviceNotOnline", {
          message: "The device disconnected before it answered.",
          info: {},
        });
      return outcome;
    } finally {
      ofDevice.delete(requestId);
      if (ofDevice.size === 0) calls.delete(key);
    }
  };

  return {
    invoke: async (key, request) => {
      devices.get(key);
      checkMethodRequest(request);
      quota.check();
      if (pending >= MAX_PENDING_CALLS)
        throw new ServiceError(503, "ServiceUnavailable", {
          message: `${MAX_PENDING_CALLS} direct methods wait for devices already, ask again later`,
        });
      quota.charge(payloadBytes(request));
      pending += 1;
      try {
        await toListen(key, request.connectTimeoutMs ?? 0);
        const answer = await toAnswer(key, request);
        quota.charge(Buffer.byteLength(answer.payload));
        return { status: answer.status, payload: parseAnswer(answer.payload) };
      } finally {
        pending -= 1;
      }
    },
    listens: (key) => {
      for (const tell of comers.get(key) ?? []) tell();
    },
    left: (key) => {
      for (const settle of calls.get(key)?.values() ?? []) settle("left");
    },
    answered: (key, answer) => {
      // Looked up among the calls to this device alone: a request id of another device's call means nothing here.
      calls.get(key)?.get(answer.requestId)?.(answer);
    },
  };
}

async function awaitedIn<Result>(
  waiting: Map<string, Set<() => void>>,
  { key, tell }: { readonly key: string; readonly tell: () => void },
  work: () => Promise<Result>,
): Promise<Result> {
  const ofDevice = waiting.get(key) ?? new Set();
  waiting.set(key, ofDevice.add(tell));
  try {
    return await work();
  } finally {
    ofDevice.delete(tell);
    if (ofDevice.size === 0) waiting.delete(key);
  }
}

/** The SDK sends nothing where a device's code gave no payload. */
function parseAnswer(payload: Buffer | string): JsonValue {
  if (payload.length === 0) return null;
  if (Buffer.byteLength(payload) > MAX_METHOD_PAYLOAD_BYTES)
    throw badResponse(`is over ${MAX_METHOD_PAYLOAD_BYTES} bytes`);
  const value = jsonOrUndefined(payload.toString());
  if (value === undefined) throw badResponse("is not JSON");
  if (isDeeperThan(value, MAX_JSON_DEPTH))
    throw badResponse(`is nested deeper than ${MAX_JSON_DEPTH} levels`);
  return value;
}

/** What Azure does with it nobody says [G]; the status is the one that the SDK calls BadDeviceResponseError. */
function badResponse(what: string): ServiceError {
  return new ServiceError(502, "BadDeviceResponse", { message: `The answer of the device ${what}` });
}

/** As .NET writes a time span: `00:01:00`. */
function duration(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
