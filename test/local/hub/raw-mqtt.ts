import { once } from "node:events";
import { connect } from "node:tls";
import type { Packet } from "mqtt-packet";
import { createWebSocketStream, WebSocket } from "ws";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { rawMqttOn, type RawMqtt } from "../../support/raw-mqtt.ts";

export type { RawMqtt } from "../../support/raw-mqtt.ts";

/** Open a TLS connection to a hub's device port and say nothing yet; `x509` is shown when the hub asks. */
export async function openRawMqtt(
  hub: Pick<LocalHub, "mqttPort" | "caPem">,
  x509?: { certPem: string; keyPem: string },
): Promise<RawMqtt> {
  const own = x509 === undefined ? {} : { cert: x509.certPem, key: x509.keyPem };
  const socket = connect({ port: hub.mqttPort, host: "127.0.0.1", ca: hub.caPem, ...own });
  await once(socket, "secureConnect");
  return rawMqttOn(socket);
}

/** The same over a WebSocket. */
export async function openRawMqttOverWebSocket(
  hub: Pick<LocalHub, "httpsPort" | "caPem">,
): Promise<RawMqtt & { readonly webSocket: WebSocket }> {
  const webSocket = new WebSocket(`wss://localhost:${hub.httpsPort}/$iothub/websocket`, ["mqtt"], {
    ca: hub.caPem,
  });
  await once(webSocket, "open");
  const stream = createWebSocketStream(webSocket);
  // Half of the stream would stay open by itself.
  webSocket.once("close", () => stream.destroy());
  return { ...rawMqttOn(stream), webSocket };
}

/** What has come and was not received yet: everything that is on its way has arrived once a ping is answered. */
export async function arrived(raw: RawMqtt): Promise<readonly Packet[]> {
  raw.send({ cmd: "pingreq" });
  await raw.receive("pingresp");
  return [...raw.pending];
}
