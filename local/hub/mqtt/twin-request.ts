import { deviceTwinDocument } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import { isJsonObject, jsonOrUndefined, type JsonObject } from "../json-value.ts";
import type { DailyQuota } from "../quota.ts";
import { argumentInvalid, mqttErrorBody } from "../service-error.ts";
import type { Throttle } from "../throttle.ts";
import { perform, type OperationContext, type Outcome } from "./operation.ts";
import { responseTopic, type DeviceRequest } from "./topic.ts";

/** A device's request for its twin, or its report. */
export interface TwinRequest extends OperationContext {
  readonly request: Extract<DeviceRequest, { requestId: string }>;
  readonly deviceId: string;
  readonly payload: Buffer | string;
  readonly devices: DeviceStore;
  readonly throttle: Throttle;
  readonly quota: DailyQuota;
}

/** A message to a device. */
export interface Answer {
  readonly topic: string;
  readonly payload: string;
}

/** The answer to a twin request, always one unless a fault keeps it: the SDK has no timer for it [facts 5.2]. */
export async function answerTwinRequest(
  twinRequest: TwinRequest,
): Promise<Exclude<Outcome<Answer>, { kind: "refused" }>> {
  const { request, clock, deviceId } = twinRequest;
  const outcome =
    request.kind === "get twin"
      ? await perform(twinRequest, { deviceId, operation: "twinReads", status: 200 }, () =>
          getTwin(twinRequest),
        )
      : await perform(twinRequest, { deviceId, operation: "reports", status: 204 }, () =>
          report(twinRequest),
        );
  if (outcome.kind !== "refused") return outcome;
  const { error, trackingId } = outcome;
  // The SDK ignores the status in the topic: only a body with an errorCode is a failure to it [facts 5.2].
  const topic = responseTopic(error.status, request.requestId);
  const payload = JSON.stringify(mqttErrorBody(error, { now: clock.now(), trackingId }));
  return { kind: "done", result: { topic, payload } };
}

async function getTwin({ request, deviceId, devices, throttle, quota }: TwinRequest): Promise<Answer> {
  await throttle("twinReads");
  quota.check();
  const payload = JSON.stringify(deviceTwinDocument(devices.get(deviceId)));
  quota.charge(Buffer.byteLength(payload));
  return { topic: responseTopic(200, request.requestId), payload };
}

async function report(twinRequest: TwinRequest): Promise<Answer> {
  const { request, deviceId, payload, devices, throttle, quota } = twinRequest;
  await throttle("twinWrites");
  quota.check();
  const { reported } = devices.mergeReported(deviceId, parseReport(payload.toString()));
  quota.charge(Buffer.byteLength(payload));
  return { topic: responseTopic(204, request.requestId, reported.version), payload: "" };
}

function parseReport(text: string): JsonObject {
  const value = jsonOrUndefined(text);
  if (value === undefined) throw argumentInvalid("The report is not JSON");
  if (!isJsonObject(value)) throw argumentInvalid("The report is not a JSON object");
  return value;
}
