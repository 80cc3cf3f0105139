import { createServer, type Server } from "node:https";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";
import { closeNow, listenOnLoopback } from "./loopback.ts";

/** One answer; "silence" keeps the request open until the client gives it up. */
export type ScriptedAnswer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | "silence";

/** A service that answers what it is told, for answers that no hub on this machine gives. */
export interface ScriptedService extends AsyncDisposable {
  readonly connectionString: string;
  readonly caPem: string;
  /** Answers to come, in order; the last one stays. */
  script: ScriptedAnswer[];
  /** Requests so far. */
  readonly requests: () => number;
  /** Resolves when the client has given up a request that got no answer, with the socket. */
  readonly givenUp: () => Promise<void>;
}

/** Start one on a free port, behind TLS, as a hub is. */
export async function startScriptedService(): Promise<ScriptedService> {
  const authority = await createCertificateAuthority();
  const { certPem: cert, keyPem: key } = await issueServerCertificate(authority, ["localhost"]);
  let requests = 0;
  const gone = Promise.withResolvers<undefined>();
  const server: Server = createServer({ cert, key }, (request, response) => {
    requests += 1;
    const answer = (service.script.length > 1 ? service.script.shift() : service.script[0]) ?? "silence";
    if (answer === "silence") {
      request.socket.once("close", () => {
        gone.resolve(undefined);
      });
      return;
    }
    const { status, headers = {}, body = "" } = answer;
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(body);
  });
  const port = await listenOnLoopback(server);
  const service: ScriptedService = {
    connectionString: `HostName=localhost:${port};SharedAccessKeyName=service;SharedAccessKey=a2V5`,
    caPem: authority.certPem,
    script: [],
    requests: () => requests,
    givenUp: () => gone.promise,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
  return service;
}
