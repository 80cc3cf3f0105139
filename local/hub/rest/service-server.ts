import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Duplex } from "node:stream";
import findMyWay from "find-my-way";
import type { CallCounts } from "../call-counts.ts";
import type { ServerCertificate } from "../certificates.ts";
import type { HubClock } from "../clock.ts";
import type { DataActionLog } from "../data-action-log.ts";
import { listenOnLoopback } from "../loopback.ts";
import { parseIfMatch } from "../precondition.ts";
import { argumentInvalid, notImplemented, restErrorBody, ServiceError } from "../service-error.ts";
import type { Throttle } from "../throttle.ts";
import { readJsonBody } from "./request-body.ts";
import type { RouteAccess } from "./route-access.ts";
import type { ServiceAccess } from "./service-access.ts";
import type { Route, ServiceReply } from "./service-call.ts";

/** What the service API stands on. */
export interface ServiceServerOptions {
  readonly certificate: ServerCertificate;
  readonly routes: readonly Route[];
  readonly clock: HubClock;
  readonly throttle: Throttle;
  readonly counts: CallCounts;
  readonly authorize: ServiceAccess;
  readonly dataActions: DataActionLog;
  /** Takes over the connections of clients that ask for another protocol. */
  readonly takeUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** The service API, listening. */
export interface ServiceServer extends AsyncDisposable {
  readonly port: number;
}

/** Serve the REST API of IoT Hub over TLS on a port of the system's choice. */
export async function startServiceServer(options: ServiceServerOptions): Promise<ServiceServer> {
  const { certificate, routes, clock } = options;
  const router = findMyWay({
    // A device id of 128 characters may be three times as long when percent-encoded.
    maxParamLength: 400,
    defaultRoute: (request, response) => void respond(request, response, () => missing(request)),
    onBadUrl: (_path, request, response) => void respond(request, response, () => unreadable()),
    onMaxParamLength: (_path, request, response) => void respond(request, response, () => unreadable()),
  });
  for (const route of routes) {
    router.on(route.method, route.path, (request, response, parameters, _store, search) => {
      void respond(request, response, () => answer({ route, request, parameters, search }));
    });
  }

  const authorize = (request: IncomingMessage, access: RouteAccess | undefined): string => {
    const { headers, method = "" } = request;
    return options.authorize({ authorization: headers.authorization, method, path: pathOf(request), access });
  };
  const answer = async (call: {
    route: Route;
    request: IncomingMessage;
    parameters: Readonly<Record<string, string | undefined>>;
    search: Readonly<Record<string, string>>;
  }): Promise<ServiceReply> => {
    const { route, request, parameters, search } = call;
    options.counts.countCall(route.counted);
    const caller = authorize(request, route.access);
    options.dataActions.record({
      call: `${route.method} ${route.path}`,
      caller,
      actions: route.access.actions,
    });
    if (!search["api-version"]) throw argumentInvalid("The api-version is missing from the query string");
    if (route.throttled !== undefined) options.throttle(route.throttled);
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    };
    return route.answer({
      parameter: (name) => parameters[name] ?? "",
      option: (name) => search[name],
      header,
      ifMatch: parseIfMatch(header("if-match")),
      body: await readJsonBody(request),
    });
  };
  const missing = (request: IncomingMessage): ServiceReply => {
    options.counts.countCall("other");
    authorize(request, undefined);
    throw notImplemented(`${request.method ?? ""} ${pathOf(request).slice(0, 200)}`);
  };
  const respond = async (
    request: IncomingMessage,
    response: ServerResponse,
    work: () => ServiceReply | Promise<ServiceReply>,
  ): Promise<void> => {
    try {
      send(response, await work());
    } catch (error) {
      const refusal = refusalFrom(error);
      if (refusal.status === 429) options.counts.countThrottled();
      // What is left of an oversized body is not worth reading.
      if (refusal.status === 413 && !request.complete) response.setHeader("Connection", "close");
      sendRefusal(response, refusal, clock.now());
    }
  };

  const server = createServer(
    { key: certificate.keyPem, cert: certificate.certPem, minVersion: "TLSv1.2" },
    (request, response) => {
      router.lookup(request, response);
    },
  );
  server.on("upgrade", options.takeUpgrade);
  // Longer than Node's 5 s: a caller that was busy for a while must not find its idle connection reset.
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function unreadable(): never {
  throw argumentInvalid("The address cannot be read: check its percent-encoding and length");
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

function send(response: ServerResponse, { status, body, headers = {} }: ServiceReply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
  } else {
    // Before the head is written: a body that cannot be written is still a refusal then.
    const text = JSON.stringify(body);
    // Without this type the SDK leaves the body unparsed, in silence [facts 4.1].
    response.writeHead(status, { ...headers, "Content-Type": "application/json; charset=utf-8" }).end(text);
  }
}

function sendRefusal(response: ServerResponse, error: ServiceError, now: number): void {
  response
    .writeHead(error.status, {
      "Content-Type": "application/json; charset=utf-8",
      "iothub-errorcode": error.code,
      ...(error.retryAfterSeconds === undefined ? {} : { "Retry-After": String(error.retryAfterSeconds) }),
    })
    .end(JSON.stringify(restErrorBody(error, now)));
}

function refusalFrom(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ServiceError(500, "ServerError", { message: `The local hub failed: ${message}` });
}
