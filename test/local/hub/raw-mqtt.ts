import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { generate, parser, type Packet } from "mqtt-packet";
import { createWebSocketStream, WebSocket } from "ws";
import type { LocalHub } from "../../../local/hub/hub.ts";

/** A bare MQTT connection: says what no well-behaved SDK would. */
export interface RawMqtt extends AsyncDisposable {
  readonly socket: Duplex;
  readonly send: (packet: Packet) => void;
  /** The next packet of a kind, also one that came before it was asked for; undefined once the hub closed the connection. */
  readonly receive: <Command extends Packet["cmd"]>(
    command: Command,
  ) => Promise<Extract<Packet, { cmd: Command }> | undefined>;
  /** Everything received and not yet asked for. */
  readonly pending: readonly Packet[];
}

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

function rawMqttOn(socket: Duplex): RawMqtt {
  const pending: Packet[] = [];
  const changes = new Set<() => void>();
  const changed = (): void => {
    for (const change of changes) change();
  };
  const packets = parser();
  packets.on("packet", (packet: Packet) => {
    pending.push(packet);
    changed();
  });
  socket.on("data", (chunk: Buffer) => packets.parse(chunk));
  socket.on("error", () => undefined); // a reset is one way of closing
  socket.on("close", changed);
  return {
    socket,
    pending,
    send: (packet) => {
      socket.write(generate(packet));
    },
    receive: <Command extends Packet["cmd"]>(command: Command) =>
      new Promise<Extract<Packet, { cmd: Command }> | undefined>((resolve) => {
        const look = (): void => {
          const index = pending.findIndex(({ cmd }) => cmd === command);
          if (index < 0 && !socket.closed) return;
          changes.delete(look);
          const [found] = index < 0 ? [] : pending.splice(index, 1);
          resolve(found as Extract<Packet, { cmd: Command }> | undefined); // found by its command
        };
        changes.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = socket.closed ? undefined : once(socket, "close");
      socket.destroy();
      await closed;
    },
  };
}
