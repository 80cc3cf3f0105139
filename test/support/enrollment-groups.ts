import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { ServerCertificate } from "../../local/hub/certificates.ts";
import { closeNow, listenOnLoopback } from "./loopback.ts";

/** What was asked of the service. */
export interface GroupRequest {
  readonly method: string;
  readonly path: string;
  readonly version: string | null;
  readonly authorization: string | undefined;
  readonly ifMatch: string | undefined;
  readonly body: unknown;
}

/** A server that speaks the enrollment groups' part of the provisioning service's REST API. */
export interface GroupServer extends AsyncDisposable {
  readonly origin: string;
  readonly groups: Map<string, Record<string, unknown> & { etag: string }>;
  readonly requests: GroupRequest[];
  /** What the next requests are answered with, whatever they ask; "cut": by no answer, the connection is closed. */
  readonly failures: { readonly status: number | "cut"; readonly retryAfter?: string }[];
  /** Done once after the next group was read. */
  onceRead: (() => void) | undefined;
}

/**
 * Only the shape on the wire, from the documentation [DPS REST 2021-10-01: Enrollment Group]: paths, bodies, etags and
 * If-Match. It assigns no device, checks no certificate, and proves nothing about Azure.
 */
export async function startGroupServer(certificate?: ServerCertificate): Promise<GroupServer> {
  const groups: GroupServer["groups"] = new Map();
  const requests: GroupRequest[] = [];
  const failures: { status: number | "cut"; retryAfter?: string }[] = [];
  let writes = 0;
  const answer = (request: GroupRequest, id: string): { status: number; body?: unknown } => {
    const before = groups.get(id);
    const { method, ifMatch } = request;
    const isOther = ifMatch !== undefined && ifMatch !== "*" && ifMatch !== before?.etag;
    if (method !== "GET" && isOther)
      return { status: 412, body: { errorCode: 412002, message: "etag mismatch" } };
    switch (method) {
      case "GET":
        return before === undefined
          ? { status: 404, body: { errorCode: 404201 } }
          : { status: 200, body: before };
      case "DELETE":
        return { status: groups.delete(id) ? 204 : 404 };
      default: {
        const group = { ...(request.body as Record<string, unknown>), etag: `"${++writes}"` };
        groups.set(id, group);
        return { status: 200, body: withoutKeys(group) };
      }
    }
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    let text = "";
    incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
    incoming.on("end", () => {
      const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://localhost");
      const request: GroupRequest = {
        method: incoming.method ?? "",
        path: pathname,
        version: searchParams.get("api-version"),
        authorization: incoming.headers.authorization,
        ifMatch: incoming.headers["if-match"],
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
      };
      requests.push(request);
      const failure = failures.shift();
      if (failure?.status === "cut") {
        incoming.socket.destroy();
        return;
      }
      if (failure !== undefined) {
        if (failure.retryAfter !== undefined) response.setHeader("retry-after", failure.retryAfter);
        response.writeHead(failure.status).end();
        return;
      }
      const { status, body } = answer(request, decodeURIComponent(pathname.split("/").at(-1) ?? ""));
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
      if (request.method !== "GET") return;
      started.onceRead?.();
      started.onceRead = undefined;
    });
  };
  const server =
    certificate === undefined
      ? createServer(listener)
      : createSecureServer({ key: certificate.keyPem, cert: certificate.certPem }, listener);
  const port = await listenOnLoopback(server);
  const started: GroupServer = {
    origin: `${certificate === undefined ? "http" : "https"}://localhost:${port}`,
    groups,
    requests,
    failures,
    onceRead: undefined,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
  return started;
}

/** Keys are not sent back: they have a request of their own. */
function withoutKeys(group: Record<string, unknown>): unknown {
  return JSON.parse(
    JSON.stringify(group, (key, value: unknown) => (key === "symmetricKey" ? undefined : value)),
  );
}
