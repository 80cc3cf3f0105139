import type { CallCounts } from "../call-counts.ts";
import type { HubClock } from "../clock.ts";
import { deviceTwinDocument } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json-value.ts";
import { argumentInvalid, mqttErrorBody, ServiceError } from "../service-error.ts";
import type { Throttle } from "../throttle.ts";
import { responseTopic, type DeviceRequest } from "./topic.ts";

/** A device's request for its twin, or its report. */
export interface TwinRequest {
  readonly request: Extract<DeviceRequest, { requestId: string }>;
  readonly deviceId: string;
  readonly payload: Buffer | string;
  readonly devices: DeviceStore;
  readonly clock: HubClock;
  readonly throttle: Throttle;
  readonly counts: CallCounts;
}

/** The answer to a twin request, always one: the SDK has no timer for it [facts 5.2]. */
export function answerTwinRequest(twinRequest: TwinRequest): { topic: string; payload: string } {
  const { request, clock } = twinRequest;
  try {
    return request.kind === "get twin" ? getTwin(twinRequest) : report(twinRequest);
  } catch (error) {
    const refusal =
      error instanceof ServiceError
        ? error
        : new ServiceError(500, "ServerError", {
            message: error instanceof Error ? error.message : String(error),
          });
    // The SDK ignores the status in the topic: only a body with an errorCode is a failure to it [facts 5.2].
    return {
      topic: responseTopic(refusal.status, request.requestId),
      payload: JSON.stringify(mqttErrorBody(refusal, clock.now())),
    };
  }
}

function getTwin({ request, deviceId, devices, throttle, counts }: TwinRequest): {
  topic: string;
  payload: string;
} {
  counts.countDevice("twinReads");
  throttle("twinReads");
  return {
    topic: responseTopic(200, request.requestId),
    payload: JSON.stringify(deviceTwinDocument(devices.get(deviceId))),
  };
}

function report({ request, deviceId, payload, devices, throttle, counts }: TwinRequest): {
  topic: string;
  payload: string;
} {
  counts.countDevice("reports");
  throttle("twinWrites");
  const { reported } = devices.mergeReported(deviceId, parseReport(payload.toString()));
  return { topic: responseTopic(204, request.requestId, reported.version), payload: "" };
}

function parseReport(text: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue; // what JSON.parse returns is a JsonValue by definition
  } catch {
    throw argumentInvalid("The report is not JSON");
  }
  if (!isJsonObject(value)) throw argumentInvalid("The report is not a JSON object");
  return value;
}
