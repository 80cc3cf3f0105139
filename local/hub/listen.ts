import type { Server } from "node:net";

/** Where a server listens: 127.0.0.1 and a port of the system's choice, unless said otherwise. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Listen at an address; resolves to the port. */
export function listenAt(
  server: Server,
  { host = "127.0.0.1", port = 0 }: ListenAddress = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new Error(`The hub cannot listen on ${host}:${port}: ${reasonOf(error)}`, { cause: error }));
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new Error("The server listens on no TCP port"));
      else resolve(address.port);
    });
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "somebody else does already, choose another port";
  if (code === "EACCES") return "ports below 1024 take rights that this user lacks, choose another port";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  return message;
}
