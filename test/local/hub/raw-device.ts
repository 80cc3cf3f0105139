import { SharedAccessSignature } from "azure-iot-common";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { openRawMqtt, type RawMqtt } from "./raw-mqtt.ts";

/** A device of the hub, or a module by `device/module`, on a bare MQTT connection, and what its CONNECT was answered with; nothing when it was cut. */
export async function connectRawDevice(
  hub: LocalHub,
  deviceId: string,
): Promise<RawMqtt & { readonly code: number | undefined }> {
  const [, host = "", key = ""] =
    /HostName=([^;]+);.*SharedAccessKey=([^;]+)/u.exec(hub.deviceConnectionString(deviceId)) ?? [];
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const resource = encodeURIComponent(`${host}/devices/${deviceId.replace("/", "/modules/")}`);
  const raw = await openRawMqtt(hub);
  raw.send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: deviceId,
    clean: false,
    keepalive: 60,
    username: `${host}/${deviceId}/?api-version=2021-04-12`,
    password: Buffer.from(
      SharedAccessSignature.create(resource, "", key, expiry).toString().replace("&skn=", ""),
    ),
  });
  return { ...raw, code: (await raw.receive("connack"))?.returnCode };
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
