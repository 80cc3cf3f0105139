import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { LocalHub } from "../../../../local/hub/hub.ts";

/** A connection that says what it likes, and remembers what it heard. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  /** All that came so far, a character a byte. */
  readonly heard: () => string;
  /** Resolves when the other end has closed. */
  readonly closed: Promise<unknown>;
}

/** Connect to a port of a hub with TLS. */
export async function openTls(hub: Pick<LocalHub, "caPem">, port: number): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca: hub.caPem });
  const connection = rawConnection(socket);
  await once(socket, "secureConnect");
  return connection;
}

/** Connect to a port without TLS. */
export async function openTcp(port: number): Promise<RawConnection> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  const connection = rawConnection(socket);
  await once(socket, "connect");
  return connection;
}

function rawConnection(socket: Socket): RawConnection {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined); // a reset is one way of closing
  return {
    socket,
    heard: () => Buffer.concat(chunks).toString("latin1"),
    closed: new Promise((resolve) => socket.once("close", resolve)),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Say several things at once, each in a TLS record of its own, so that the other end reads them in one go and one by one. */
export async function sayAtOnce(
  hub: Pick<LocalHub, "caPem">,
  port: number,
  records: readonly Buffer[],
): Promise<RawConnection> {
  const tcp = connectTcp({ port, host: "127.0.0.1" });
  tcp.on("error", () => undefined); // a reset is one way of closing
  const held: Buffer[] = [];
  let isHolding = false;
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      if (isHolding) held.push(chunk);
      else tcp.write(chunk);
      done();
    },
  });
  tcp.on("data", (chunk: Buffer) => wire.push(chunk));
  tcp.once("close", () => wire.destroy());
  const socket = connect({ socket: wire, servername: "localhost", ca: hub.caPem });
  const connection = rawConnection(socket);
  await once(socket, "secureConnect");
  isHolding = true;
  for (const record of records) await new Promise((resolve) => socket.write(record, resolve));
  isHolding = false;
  tcp.write(Buffer.concat(held));
  return connection;
}
