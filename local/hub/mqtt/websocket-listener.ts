import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";
import { MAX_PACKET_BYTES, type DeviceBroker } from "./device-broker.ts";

/** What takes over a connection of the HTTPS server whose client wants to speak another protocol. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** MQTT over WebSockets, on whatever server hands its upgrade requests over. */
export interface WebSocketListener extends Disposable {
  readonly takeUpgrade: TakeUpgrade;
}

const PATH = "/$iothub/websocket";
/** The name of MQTT among the protocols that a client offers [MQTT-6.0.0-3]. */
const PROTOCOL = "mqtt";

/**
 * Hand MQTT connections over WebSockets to the broker [facts 5.1]. They carry no client certificate: Azure has no
 * X.509 over WebSockets either.
 */
export function listenOverWebSockets(broker: DeviceBroker): WebSocketListener {
  const sockets = new Set<Duplex>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // nothing to inflate into more than was sent
    maxPayload: MAX_PACKET_BYTES,
    handleProtocols: () => PROTOCOL,
  });
  return {
    takeUpgrade: (request, socket, head) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => undefined); // a reset is one way of closing
      const refusal = refusalOf(request);
      if (refusal !== undefined) {
        refuse(socket, refusal);
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const stream = createWebSocketStream(webSocket);
        webSocket.prependListener("message", (_data, isBinary) => {
          // [MQTT-6.0.0-1]: text ends the connection.
          if (!isBinary) stream.destroy();
        });
        broker.accept(stream);
      });
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Refusal {
  readonly status: 400 | 404;
  readonly text: string;
}

function refusalOf({ url = "", headers }: IncomingMessage): Refusal | undefined {
  // Other SDKs add options after the question mark; some write the dollar sign as %24.
  const path = (url.split("?", 1)[0] ?? "").replace("%24", "$");
  if (path !== PATH) return { status: 404, text: `Devices connect at ${PATH}` };
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (!offered.includes(PROTOCOL)) return { status: 400, text: `Offer the subprotocol ${PROTOCOL}` };
  return undefined;
}

function refuse(socket: Duplex, { status, text }: Refusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Type: text/plain",
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`, () => socket.destroy());
}
