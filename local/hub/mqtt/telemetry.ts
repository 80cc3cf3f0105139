import { telemetryBytes } from "../meter.ts";
import type { DailyQuota } from "../quota.ts";
import type { Throttle } from "../throttle.ts";
import { perform, type OperationContext } from "./operation.ts";

/** A message from a device. */
export interface Telemetry {
  readonly deviceId: string;
  readonly topic: string;
  readonly payload: Buffer | string;
}

/**
 * Take a message; false when it must not be acknowledged. MQTT 3.1.1 cannot refuse one: the connection ends, as users
 * and Microsoft tell of Azure when a limit or the quota is passed [I azure-iot-sdk-python#735, azure-docs#107838].
 */
export async function takeMessage(
  { deviceId, topic, payload }: Telemetry,
  context: OperationContext & { readonly throttle: Throttle; readonly quota: DailyQuota },
): Promise<boolean> {
  const operation = { deviceId, operation: "messages", status: 204 } as const;
  const outcome = await perform(context, operation, async () => {
    await context.throttle("deviceToCloud");
    context.quota.check();
    context.quota.charge(telemetryBytes(topic, payload));
  });
  return outcome.kind === "done";
}
