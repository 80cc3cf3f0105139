import type { IConnectPacket } from "mqtt-packet";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { aConnectPacket } from "../../support/raw-mqtt.ts";
import { aSasToken } from "../../support/sas-token.ts";
import { openRawMqtt, type RawMqtt } from "./raw-mqtt.ts";

export { aConnectPacket } from "../../support/raw-mqtt.ts";
export { aSasToken } from "../../support/sas-token.ts";

/** What may be forged of a CONNECT with a token. */
export interface Forgery {
  readonly key?: string;
  /** Client id and name in the user name. */
  readonly as?: string;
  /** Seconds from now. */
  readonly expiry?: number;
  readonly clean?: boolean;
  readonly host?: string;
}

const HOUR_SECONDS = 3600;

/** Host name and key in a device's connection string. */
export function secretsOf(hub: LocalHub, deviceId: string): { host: string; key: string } {
  const [, host = "", key = ""] =
    /HostName=([^;]+);.*SharedAccessKey=([^;]+)/u.exec(hub.deviceConnectionString(deviceId)) ?? [];
  return { host, key };
}

/** A CONNECT of a device, or of a module by `device/module`, with a token as the SDK makes one; every part can be forged. */
export function aConnect(hub: LocalHub, deviceId: string, forged: Forgery = {}): IConnectPacket {
  const own = secretsOf(hub, deviceId);
  const host = forged.host ?? own.host;
  const password = aSasToken({
    key: forged.key ?? own.key,
    resource: encodeURIComponent(`${host}/devices/${deviceId.replace("/", "/modules/")}`),
    expiry: String(Math.floor(Date.now() / 1000) + (forged.expiry ?? HOUR_SECONDS)),
  });
  return aConnectPacket(forged.as ?? deviceId, { host, password, clean: forged.clean ?? false });
}

/** Connect with a token; the hub's answer, undefined when it closed without one. */
export async function connectRaw(
  hub: LocalHub,
  deviceId: string,
  forged: Forgery = {},
): Promise<{ raw: RawMqtt; code: number | undefined }> {
  const raw = await openRawMqtt(hub);
  raw.send(aConnect(hub, deviceId, forged));
  return { raw, code: (await raw.receive("connack"))?.returnCode };
}
