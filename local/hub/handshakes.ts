import type { Socket } from "node:net";
import type { Server } from "node:tls";

/**
 * Bound the connections that have not finished their TLS handshake: over `most` of them, the one that has taken longest
 * is cut. A handshake costs its client next to nothing to begin and the hub some 50 KB to keep. Disposing cuts them all:
 * the server would wait for them before it closes.
 */
export function boundHandshakes(server: Server, most: number): Disposable {
  // In the order they came in. Two sockets stand for one connection, and only their other end tells that they do.
  const unfinished = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const key = otherEnd(socket);
    unfinished.set(key, socket);
    socket.once("close", () => {
      if (unfinished.get(key) === socket) unfinished.delete(key);
    });
    const [oldest] = unfinished;
    if (unfinished.size <= most || oldest === undefined) return;
    unfinished.delete(oldest[0]);
    oldest[1].destroy();
  });
  server.on("secureConnection", (socket) => {
    unfinished.delete(otherEnd(socket));
  });
  // Node tells of a handshake that took longer than its time, and leaves the connection as it is.
  server.on("tlsClientError", (_error, socket) => {
    socket.destroy();
  });
  return {
    [Symbol.dispose]: () => {
      for (const socket of unfinished.values()) socket.destroy();
    },
  };
}

function otherEnd({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
