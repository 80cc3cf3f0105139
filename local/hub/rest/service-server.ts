import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Duplex } from "node:stream";
import findMyWay from "find-my-way";
import type { AnswerStatus, CallCounts } from "../call-counts.ts";
import type { ServerCertificate } from "../certificates.ts";
import type { HubClock } from "../clock.ts";
import type { DataActionLog } from "../data-action-log.ts";
import { Unanswered, type FaultInjection } from "../faults.ts";
import { boundHandshakes } from "../handshakes.ts";
import type { HubLog } from "../hub-log.ts";
import { listenAt, type ListenAddress } from "../listen.ts";
import { parseIfMatch } from "../precondition.ts";
import type { DailyQuota } from "../quota.ts";
import { argumentInvalid, newTrackingId, notImplemented, serviceErrorFrom } from "../service-error.ts";
import type { Throttle } from "../throttle.ts";
import type { OperatorPage, OperatorStream } from "./operator-pages.ts";
import { refuseWhatIsNoRequest } from "./no-request.ts";
import { readContent, readJsonBody } from "./request-body.ts";
import type { RouteAccess } from "./route-access.ts";
import { send, sendPage, sendRefusal, writtenReply, type WrittenReply } from "./response.ts";
import type { ServiceAccess } from "./service-access.ts";
import type { Route } from "./service-call.ts";

/** What the service API stands on. */
export interface ServiceServerOptions {
  readonly address: ListenAddress;
  readonly certificate: ServerCertificate;
  readonly routes: readonly Route[];
  /** Pages of the local hub itself, outside of the service API: neither authorised, counted nor throttled. */
  readonly pages: readonly OperatorPage[];
  /** The same for those who may connect as a service, and without an end. */
  readonly streams: readonly OperatorStream[];
  readonly clock: HubClock;
  readonly throttle: Throttle;
  readonly quota: DailyQuota;
  readonly faults: FaultInjection;
  readonly counts: CallCounts;
  readonly authorize: ServiceAccess;
  readonly dataActions: DataActionLog;
  /** Takes over the connections of clients that ask for another protocol. */
  readonly takeUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly log: HubLog;
  /** How long the TLS handshake and the headers of a request may take; ten times as long for the whole of it. */
  readonly patienceMs: number;
  readonly maxHandshakes: number;
}

/** The service API, listening. */
export interface ServiceServer extends AsyncDisposable {
  readonly port: number;
  readonly routes: readonly Pick<Route, "method" | "path">[];
}

/** A request, with what its address says; no route where none matched. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route?: Route;
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  readonly search?: Readonly<Record<string, string>>;
}

/** Serve the REST API of IoT Hub over TLS. */
export async function startServiceServer(options: ServiceServerOptions): Promise<ServiceServer> {
  const { certificate, routes, clock, counts, quota } = options;
  const unreadable = (_path: string, request: IncomingMessage, response: ServerResponse): void => {
    void respond({ request, response }, () => {
      throw argumentInvalid("The address cannot be read: check its percent-encoding and length");
    });
  };
  const router = findMyWay({
    // A device id of 128 characters may be three times as long when percent-encoded.
    maxParamLength: 400,
    defaultRoute: (request, response) =>
      void respond({ request, response }, () => {
        authorize(request, undefined);
        throw notImplemented(`${request.method ?? ""} ${pathOf(request).slice(0, 200)}`);
      }),
    onBadUrl: unreadable,
    onMaxParamLength: unreadable,
  });
  for (const page of options.pages) {
    router.on(page.method ?? "GET", page.path, (request, response, parameters) => {
      void sendPage(response, { page, request, parameters, now: clock.now() });
    });
  }
  for (const { path, access, serve } of options.streams) {
    router.on("GET", path, (request, response, _parameters, _store, search) => {
      try {
        authorize(request, access);
      } catch (error) {
        const trackingId = newTrackingId(clock.now());
        sendRefusal(response, serviceErrorFrom(error), { now: clock.now(), trackingId });
        return;
      }
      serve({ request, response, search });
    });
  }
  for (const route of routes) {
    router.on(route.method, route.path, (request, response, parameters, _store, search) => {
      const exchange = { request, response, route, parameters, search };
      void respond(exchange, () => answer(exchange));
    });
  }

  const authorize = (request: IncomingMessage, access: RouteAccess | undefined): string => {
    const { headers, method = "" } = request;
    return options.authorize({ authorization: headers.authorization, method, path: pathOf(request), access });
  };
  const answer = async (exchange: Required<Exchange>): Promise<WrittenReply> => {
    const { request, route, search } = exchange;
    const caller = authorize(request, route.access);
    const { actions } = route.access;
    options.dataActions.record({ call: `${route.method} ${route.path}`, caller, actions });
    if (!search["api-version"]) throw argumentInvalid("The api-version is missing from the query string");
    const deviceId = deviceOf(exchange);
    const subject = {
      api: "rest",
      call: route.counted,
      route: `${route.method} ${route.path}`,
      ...(deviceId === undefined ? {} : { deviceId }),
    } as const;
    return options.faults.around(subject, () => operate(exchange));
  };
  const operate = async ({
    request,
    route,
    parameters,
    search,
  }: Required<Exchange>): Promise<WrittenReply> => {
    // Only a route whose price depends on its body has it read before there is a turn for it.
    const priced = route.amount === undefined ? undefined : await readJsonBody(request);
    if (route.throttled !== undefined) await options.throttle(route.throttled, route.amount?.(priced?.json));
    if (route.metered !== undefined) quota.check();
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    };
    const ifMatch = parseIfMatch(header("if-match"));
    const content = route.takes === "bytes" ? await readContent(request) : Buffer.alloc(0);
    const body =
      route.takes === "bytes"
        ? { json: undefined, bytes: content.length }
        : (priced ?? (await readJsonBody(request)));
    const reply = writtenReply(
      await route.answer({
        parameter: (name) => segment(parameters[name]),
        option: (name) => search[name],
        header,
        ifMatch,
        body: body.json,
        content,
        headers: () => headersOf(request),
      }),
    );
    if (route.metered === "request") quota.charge(body.bytes);
    if (route.metered === "answer") quota.charge(reply.bytes);
    return reply;
  };
  const respond = async (
    exchange: Exchange,
    work: () => WrittenReply | Promise<WrittenReply>,
  ): Promise<void> => {
    const { request, response, route } = exchange;
    const call = route?.counted ?? "other";
    const startedAt = performance.now();
    counts.countCall(call);
    const ended = (status: AnswerStatus, refusal?: { code: string; trackingId: string }): void => {
      const deviceId = deviceOf(exchange);
      counts.countAnswer(call, status);
      options.log({
        event: "request",
        method: request.method ?? "",
        ...(route === undefined ? {} : { route: route.path }),
        call,
        ...(deviceId === undefined ? {} : { deviceId }),
        status,
        ...refusal,
        ms: performance.now() - startedAt,
      });
    };
    try {
      const reply = await work();
      ended(reply.status);
      send(response, reply);
    } catch (error) {
      if (error instanceof Unanswered) {
        ended(error.isCut ? "cut" : "no answer");
        if (error.isCut) request.socket.destroy();
        return;
      }
      const refusal = serviceErrorFrom(error);
      const trackingId = newTrackingId(clock.now());
      ended(refusal.status, { code: refusal.code, trackingId });
      // What is left of an oversized body is not worth reading.
      if (refusal.status === 413 && !request.complete) response.setHeader("Connection", "close");
      sendRefusal(response, refusal, { now: clock.now(), trackingId });
    }
  };

  const { patienceMs } = options;
  const server = createServer(
    {
      key: certificate.keyPem,
      cert: certificate.certPem,
      minVersion: "TLSv1.2",
      handshakeTimeout: patienceMs,
      headersTimeout: patienceMs,
      requestTimeout: 10 * patienceMs,
      connectionsCheckingInterval: Math.min(patienceMs, 5000),
    },
    (request, response) => {
      router.lookup(request, response);
    },
  );
  const handshakes = boundHandshakes(server, options.maxHandshakes);
  server.on("upgrade", options.takeUpgrade);
  refuseWhatIsNoRequest(server, clock);
  // Longer than Node's 5 s: a caller that was busy for a while must not find its idle connection reset.
  server.keepAliveTimeout = 120_000;
  const port = await listenAt(server, options.address);
  return {
    port,
    routes: routes.map(({ method, path }) => ({ method, path })),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
        handshakes[Symbol.dispose]();
      }),
  };
}

function headersOf({ rawHeaders }: IncomingMessage): readonly (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as const] : [],
  );
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] ?? "/";
}

/** A parameter; an encoded slash in it would make `device/module`, the key of a module, of the id of a device. */
function segment(parameter = ""): string {
  if (parameter.includes("/")) throw argumentInvalid("An id in the address has a slash");
  return parameter;
}

/** The device that an address names. */
function deviceOf({ route, parameters }: Exchange): string | undefined {
  return route !== undefined && /^\/(?:devices|twins)\/:id/u.test(route.path)
    ? parameters?.["id"]
    : undefined;
}
