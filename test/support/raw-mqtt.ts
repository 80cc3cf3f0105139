import { once } from "node:events";
import type { Duplex } from "node:stream";
import { generate, parser, type IConnectPacket, type Packet } from "mqtt-packet";

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

/** Speak MQTT on a stream that is open. */
export function rawMqttOn(socket: Duplex): RawMqtt {
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

/** A CONNECT by a client id with a password, or with none. */
export function aConnectPacket(
  clientId: string,
  {
    host,
    password,
    clean = false,
    username,
  }: { host: string; password?: string; clean?: boolean; username?: string },
): IConnectPacket {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId,
    clean,
    keepalive: 60,
    username: username ?? `${host}/${clientId}/?api-version=2021-04-12`,
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
  };
}
