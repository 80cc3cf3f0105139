import type { CallClass } from "../call-counts.ts";
import type { JsonValue } from "../json-value.ts";
import type { Precondition } from "../precondition.ts";
import { argumentInvalid } from "../service-error.ts";
import type { ThrottledClass } from "../tier.ts";
import type { RouteAccess } from "./route-access.ts";

/** A request to the service API, authorised and read. */
export interface ServiceCall {
  /** Of the route's parameters, decoded once; "" for one that the route lacks. Throws 400 for an id with a slash. */
  readonly parameter: (name: string) => string;
  /** Of the query string. */
  readonly option: (name: string) => string | undefined;
  readonly header: (name: string) => string | undefined;
  readonly ifMatch: Precondition | undefined;
  /** The parsed body; undefined when there is none, or where the route takes bytes. */
  readonly body: JsonValue | undefined;
  /** The body as it was sent, where the route takes bytes; else empty. */
  readonly content: Buffer;
  /** All headers as they were sent, names in the caller's case. */
  readonly headers: () => readonly (readonly [name: string, value: string])[];
}

/** What the service answers when it does not refuse. */
export interface ServiceReply {
  /** 400 with a body of its own: a bulk operation of which some items failed [facts 4.1]. */
  readonly status: 200 | 204 | 400;
  readonly body?: JsonValue;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of the service API. */
export interface Route {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  /** In find-my-way's syntax. */
  readonly path: string;
  /** What its caller must have. */
  readonly access: RouteAccess;
  readonly counted: CallClass;
  /** The throttle it spends from; undefined where the documents name none. */
  readonly throttled: ThrottledClass | undefined;
  /** How much it spends of that, by its body: a bulk call of N counts N [facts 1.9]; default 1. */
  readonly amount?: (body: JsonValue | undefined) => number;
  /** What counts against the daily quota once it succeeded: the body sent or the one answered; default nothing. */
  readonly metered?: "request" | "answer";
  /** What its body is; default "json". */
  readonly takes?: "json" | "bytes";
  readonly answer: (call: ServiceCall) => ServiceReply | Promise<ServiceReply>;
}

/** Read `top` or a page size: a whole number from 1, at most `limit`. */
export function parseCount(
  text: string | undefined,
  { name, limit }: { name: string; limit: number },
): number {
  if (text === undefined) return limit;
  if (!/^[1-9]\d{0,8}$/u.test(text))
    throw argumentInvalid(`${name} is ${JSON.stringify(text.slice(0, 40))}, a whole number from 1 is needed`);
  return Math.min(Number(text), limit);
}
