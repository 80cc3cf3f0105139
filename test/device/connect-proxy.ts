import { createServer } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { listenOnLoopback } from "../support/loopback.ts";

/** A proxy on this machine that knows CONNECT and nothing else. */
export interface ConnectProxy {
  readonly uri: string;
  /** `host:port` of each CONNECT, in order. */
  readonly connects: readonly string[];
}

/** Run a proxy until the test ends: it connects, says no, or says nothing. */
export async function startConnectProxy(
  does: "connects" | "refuses" | "hangs" = "connects",
): Promise<ConnectProxy> {
  const connects: string[] = [];
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connection", hold);
  server.on("connect", (request, client: Socket) => {
    const target = request.url ?? "";
    connects.push(target);
    if (does === "hangs") return;
    if (does === "refuses") {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const port = Number(target.split(":")[1]);
    // Only this machine: names resolve nowhere else in a test.
    const there = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      there.pipe(client).pipe(there);
    });
    hold(there);
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { uri: `http://127.0.0.1:${port}`, connects };
}
