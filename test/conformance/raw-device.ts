import { once } from "node:events";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Packet } from "mqtt-packet";
import { aConnectPacket, rawMqttOn, type RawMqtt } from "../support/raw-mqtt.ts";
import { aSasToken } from "../support/sas-token.ts";
import type { HubAddress } from "./hub-connection.ts";

/** What of a CONNECT may be otherwise than the SDK has it. */
export interface RawConnect {
  readonly key?: string;
  /** Seconds from now; default an hour. */
  readonly expirySeconds?: number;
  /** Client id; default the device's. */
  readonly as?: string;
  /** Host in the token and the user name; default the hub's. */
  readonly host?: string;
  readonly clean?: boolean;
}

/** A device on a bare MQTT connection, and what its CONNECT was answered with; undefined when it was cut. */
export interface RawDevice extends RawMqtt {
  readonly code: number | undefined;
  readonly isSessionPresent: boolean;
  /** Subscribe at a quality of service; returns what was granted, 128 for refused. */
  readonly subscribe: (topic: string, qos?: 0 | 1 | 2) => Promise<number | undefined>;
  readonly publish: (
    topic: string,
    options?: { payload?: string; qos?: 0 | 1 | 2; retain?: boolean },
  ) => void;
  /** The next message that comes; undefined once the connection is closed. */
  readonly message: () => Promise<{ topic: string; payload: string } | undefined>;
  /** Resolves with whether the connection was closed by the hub; asks by a ping. */
  readonly isCut: () => Promise<boolean>;
}

/** Open a connection of a device and send its CONNECT. */
export async function openRaw(
  address: HubAddress,
  deviceId: string,
  { key = "", expirySeconds = 3600, as = deviceId, host = address.deviceHost, clean = false }: RawConnect,
): Promise<RawDevice> {
  const trust = address.caPem === undefined ? {} : { ca: address.caPem };
  const socket = connect({
    host: address.mqttHost,
    ...(isIP(address.mqttHost) === 0 && { servername: address.mqttHost }),
    port: address.mqttPort,
    ...trust,
  });
  await once(socket, "secureConnect");
  const raw = rawMqttOn(socket);
  const password = aSasToken({
    key,
    resource: encodeURIComponent(`${host}/devices/${deviceId}`),
    expiry: String(Math.floor(Date.now() / 1000) + expirySeconds),
  });
  raw.send(aConnectPacket(as, { host, password, clean }));
  const connack = await raw.receive("connack");
  let messageId = 0;
  return {
    ...raw,
    code: connack?.returnCode,
    isSessionPresent: connack?.sessionPresent ?? false,
    subscribe: async (topic, qos = 0) => {
      raw.send({ cmd: "subscribe", messageId: ++messageId, subscriptions: [{ topic, qos }] });
      const [granted] = (await raw.receive("suback"))?.granted ?? [];
      return typeof granted === "number" ? granted : undefined;
    },
    publish: (topic, { payload = "", qos = 0, retain = false } = {}) => {
      const identified = qos === 0 ? {} : { messageId: ++messageId };
      raw.send({ cmd: "publish", topic, payload, qos, retain, dup: false, ...identified } satisfies Packet);
    },
    message: async () => {
      const publish = await raw.receive("publish");
      return publish === undefined
        ? undefined
        : { topic: publish.topic, payload: publish.payload.toString() };
    },
    isCut: async () => {
      if (socket.writable) raw.send({ cmd: "pingreq" });
      return (await raw.receive("pingresp")) === undefined;
    },
  };
}
