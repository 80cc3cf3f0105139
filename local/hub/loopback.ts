import type { Server } from "node:net";

/** Listen on 127.0.0.1 at a port of the system's choice; resolves to the port. */
export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new Error("The server listens on no TCP port"));
      else resolve(address.port);
    });
  });
}
