import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { aSasToken } from "../support/sas-token.ts";
import type { HubAddress } from "./hub-connection.ts";
import type { Pace, PacedCalls } from "./pace.ts";

/** What the service API answered. */
export interface ServiceAnswer {
  readonly status: number | undefined;
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
  /** The header iothub-errorcode. */
  readonly code: string | string[] | undefined;
}

/** What may be forged of a service token. */
export interface TokenParts {
  readonly key?: string;
  readonly policy?: string;
  readonly resource?: string;
  /** Seconds from now; default an hour. */
  readonly expirySeconds?: number;
}

/** A request without an SDK: `METHOD /path`, a JSON body, a token by the connection string's policy. */
export type RawService = (
  call: string,
  options?: {
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly token?: TokenParts;
    /** Default 2021-04-12, the one of the SDK; null for none. */
    readonly apiVersion?: string | null;
  },
) => Promise<ServiceAnswer>;

const CALLS: readonly [RegExp, PacedCalls][] = [
  [/^\/configurations/u, "configurations"],
  [/^\/devices\/query/u, "queries"],
  [/^\/devices/u, "registry"],
  [/^\/jobs/u, "jobs"],
];

/** Requests to a hub's service API as they are written, each in its turn. */
export function createRawService(address: HubAddress, pace: Pace): RawService {
  return (call, { body, headers = {}, token = {}, apiVersion = "2021-04-12" } = {}) => {
    const [method = "GET", path = ""] = call.split(" ");
    const version = apiVersion === null ? "" : `${path.includes("?") ? "&" : "?"}api-version=${apiVersion}`;
    const [, of] = CALLS.find(([pattern]) => pattern.test(path)) ?? [];
    const amount = Array.isArray(body) ? Math.max(1, body.length) : 1;
    const isThrottled = ({ status }: ServiceAnswer): boolean => status === 429;
    return pace({ of, amount, isThrottled }, async () => {
      const outgoing = request({
        host: address.serviceHost,
        port: address.httpsPort,
        ...(address.caPem === undefined ? {} : { ca: address.caPem }),
        agent: false,
        method,
        path: `${path}${version}`,
        headers: {
          Authorization: tokenFor(address, token),
          "Content-Type": "application/json; charset=utf-8",
          ...headers,
        },
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        outgoing.once("response", resolve).once("error", reject);
        outgoing.end(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
      });
      const answer = await text(response);
      return {
        status: response.statusCode,
        headers: response.headers,
        code: response.headers["iothub-errorcode"],
        body: answer === "" ? undefined : (JSON.parse(answer) as unknown),
      };
    });
  };
}

function tokenFor(address: HubAddress, parts: TokenParts): string {
  const { key = address.key, policy = address.policyName, expirySeconds = 3600 } = parts;
  return aSasToken({
    key,
    policy,
    resource: encodeURIComponent(parts.resource ?? address.serviceHost),
    expiry: String(Math.floor(Date.now() / 1000) + expirySeconds),
  });
}
