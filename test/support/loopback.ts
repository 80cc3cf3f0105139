import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** Let a server listen on a free port of this machine, for nobody outside it; the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is one
  return port;
}

/** Close a server and whatever is connected to it; resolves when it is closed. */
export async function closeNow(
  server: Pick<HttpServer, "close" | "closeAllConnections"> & Server,
): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
