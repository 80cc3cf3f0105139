import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { closeNow, listenOnLoopback } from "./loopback.ts";

/** What one request was. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What the service says; `never`: nothing, and the connection stays open; `gone`: the connection is cut. */
export type Said =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | "never"
  | "gone";

/** A service on loopback that gives out numbers, as somebody's own might. */
export interface NumberService extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  say: (asked: Asked) => Said;
}

/** Start one, over TLS where it gets a certificate. */
export async function startNumberService(
  say: NumberService["say"],
  certificate?: { readonly certPem: string; readonly keyPem: string },
): Promise<NumberService> {
  const listener: RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const asked = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      service.asked.push(asked);
      const said = service.say(asked);
      if (said === "never") return;
      if (said === "gone") request.socket.destroy();
      else response.writeHead(said.status ?? 200, said.headers).end(said.body ?? "");
    });
  };
  const server =
    certificate === undefined
      ? createServer(listener)
      : createSecureServer({ cert: certificate.certPem, key: certificate.keyPem }, listener);
  const port = await listenOnLoopback(server);
  const service: NumberService = {
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked: [],
    say,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
  return service;
}
