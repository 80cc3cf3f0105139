import type { LocalHub } from "../../../local/hub/hub.ts";
import { connectRaw } from "./raw-connect.ts";
import type { RawMqtt } from "./raw-mqtt.ts";

/** A device of the hub, or a module by `device/module`, on a bare MQTT connection, with what its CONNECT was answered. */
export async function connectRawDevice(
  hub: LocalHub,
  deviceId: string,
): Promise<RawMqtt & { readonly code: number | undefined }> {
  const { raw, code } = await connectRaw(hub, deviceId);
  return { ...raw, code };
}

/** A request as a device publishes it. */
export function aPublish(
  topic: string,
  { payload = "", messageId }: { payload?: string | Buffer; messageId?: number } = {},
): Parameters<RawMqtt["send"]>[0] {
  return {
    cmd: "publish",
    topic,
    payload,
    qos: messageId === undefined ? 0 : 1,
    dup: false,
    retain: false,
    ...(messageId === undefined ? {} : { messageId }),
  };
}
