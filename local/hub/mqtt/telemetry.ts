import type { DeviceStore } from "../device-store.ts";
import type { DailyQuota } from "../quota.ts";
import { ServiceError } from "../service-error.ts";
import type { TelemetryLog } from "../telemetry-log.ts";
import type { Throttle } from "../throttle.ts";
import { perform, type OperationContext } from "./operation.ts";
import { parsePropertyBag, propertyBytes } from "./property-bag.ts";

/** A message from a device or module. */
export interface SentMessage {
  readonly key: string;
  /** Its properties as they stand in the topic. */
  readonly bag: string;
  readonly payload: Buffer | string;
  /** What the hub itself has to say of the message. */
  readonly stamps?: Readonly<Record<string, string>>;
}

/** What taking a message needs. */
export interface TelemetryContext extends OperationContext {
  readonly devices: DeviceStore;
  readonly throttle: Throttle;
  readonly quota: DailyQuota;
  readonly telemetry: TelemetryLog;
}

/** [facts 5.2]: body and properties. */
const MAX_MESSAGE_BYTES = 256 * 1024;

/**
 * Take a message; false when it must not be acknowledged. MQTT 3.1.1 cannot refuse one: the connection ends, as users
 * and Microsoft tell of Azure when a limit or the quota is passed [I azure-iot-sdk-python#735, azure-docs#107838].
 */
export async function takeMessage(sent: SentMessage, context: TelemetryContext): Promise<boolean> {
  const { key, bag, payload, stamps = {} } = sent;
  const operation = { deviceId: key, operation: "messages", status: 204 } as const;
  const outcome = await perform(context, operation, async () => {
    const properties = parsePropertyBag(bag);
    const bytes = Buffer.byteLength(payload) + propertyBytes(properties);
    if (bytes > MAX_MESSAGE_BYTES)
      throw new ServiceError(413, "MessageTooLarge", {
        message: `The message has ${bytes} bytes, properties included, ${MAX_MESSAGE_BYTES} are allowed`,
      });
    await context.throttle("deviceToCloud");
    context.quota.check();
    const device = context.devices.get(key);
    context.quota.charge(bytes);
    const { mid, cid, uid, ct, ce, ...systemProperties } = properties.system;
    context.telemetry.append({
      connectionDeviceId: device.deviceId,
      ...(device.moduleId !== undefined && { connectionModuleId: device.moduleId }),
      connectionDeviceGenerationId: device.generationId,
      enqueuedAt: context.clock.now(),
      ...(mid !== undefined && { messageId: mid }),
      ...(cid !== undefined && { correlationId: cid }),
      ...(uid !== undefined && { userId: uid }),
      ...(ct !== undefined && { contentType: ct }),
      ...(ce !== undefined && { contentEncoding: ce }),
      systemProperties,
      properties: { ...properties.application, ...stamps },
      // A copy: what was read from the socket may be a small part of a large buffer.
      body: Buffer.from(payload),
    });
  });
  return outcome.kind === "done";
}
