import { z } from "zod";
import type { JsonValue } from "./json-value.ts";
import { argumentInvalid, ServiceError } from "./service-error.ts";

/** A direct method to be invoked on a device or module. */
export interface MethodRequest {
  readonly methodName: string;
  /** Absent: the device gets an empty payload. */
  readonly payload?: JsonValue | undefined;
  /** How long the answer is waited for, 5 to 300 s; default 30 s. */
  readonly responseTimeoutMs?: number;
  /** How long the device may take to connect and to listen, up to 300 s; default 0. */
  readonly connectTimeoutMs?: number;
}

/** [facts 2.7]: 128 KB each way. */
export const MAX_METHOD_PAYLOAD_BYTES = 128 * 1024;

const MAX_TIMEOUT_SECONDS = 300;
const MIN_RESPONSE_TIMEOUT_SECONDS = 5;

/**
 * [IoT Hub: direct methods]: printable US-ASCII without `$ ( ) < > @ , ; : \ " / [ ] ? = { }` and blanks. Not `+` and `#`
 * either, which MQTT forbids in a topic [MQTT-3.3.2-2]; how long a name may be nobody says [G].
 */
const METHOD_NAME = /^[!%&'*\-.\d^_`|~A-Za-z]{1,100}$/u;

// The SDK sends all of these, null where nothing was chosen.
const body = z.object({
  methodName: z.string(),
  responseTimeoutInSeconds: z.int().min(MIN_RESPONSE_TIMEOUT_SECONDS).max(MAX_TIMEOUT_SECONDS).nullish(),
  connectTimeoutInSeconds: z.int().min(0).max(MAX_TIMEOUT_SECONDS).nullish(),
  payload: z.custom<JsonValue>().optional(), // a body that was parsed from JSON has nothing else in it
});

/** Read the body of a call, as direct methods and jobs have it [facts 2.7]. */
export function parseMethodRequest(value: JsonValue | undefined): MethodRequest {
  const parsed = body.safeParse(value);
  if (!parsed.success) throw argumentInvalid(`The method is malformed: ${z.prettifyError(parsed.error)}`);
  const { methodName, payload, responseTimeoutInSeconds, connectTimeoutInSeconds } = parsed.data;
  const request = {
    methodName,
    payload,
    responseTimeoutMs: (responseTimeoutInSeconds ?? 30) * 1000,
    connectTimeoutMs: (connectTimeoutInSeconds ?? 0) * 1000,
  };
  checkMethodRequest(request);
  return request;
}

/** Refuse a name that no device could hear, and a payload over the limit. */
export function checkMethodRequest(request: MethodRequest): void {
  const { methodName } = request;
  if (!METHOD_NAME.test(methodName))
    throw argumentInvalid(
      `The methodName is ${JSON.stringify(methodName.slice(0, 100))}: 1 to 100 letters, digits or ! % & ' * - . ^ _ \` | ~ are needed`,
    );
  const bytes = payloadBytes(request);
  if (bytes > MAX_METHOD_PAYLOAD_BYTES)
    throw new ServiceError(413, "MessageTooLarge", {
      message: `The payload has ${bytes} bytes, ${MAX_METHOD_PAYLOAD_BYTES} are allowed`,
    });
}

/** The payload as the device gets it. */
export function payloadText({ payload }: MethodRequest): string {
  return payload === undefined ? "" : JSON.stringify(payload);
}

/** Bytes of the payload, by which a call is measured. */
export function payloadBytes(request: MethodRequest): number {
  return Buffer.byteLength(payloadText(request));
}
