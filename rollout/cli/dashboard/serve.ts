import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { WavegateError } from "../../model/problem.ts";

/** A web application that is served. */
export interface Served extends AsyncDisposable {
  readonly port: number;
}

/** Serve an application by HTTP; port 0 is any that is free. */
export async function serveApp(
  app: Hono,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Served> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is taken" : error.message;
      reject(
        new WavegateError("BAD_OPTION", `port ${port} of ${host} cannot be listened on: ${why}`, {
          hint: "let the machine choose one: wavegate dashboard --port 0",
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  return {
    // A server that listens on a port has an address.
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        // Streams never end by themselves.
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
