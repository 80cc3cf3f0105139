import type { IncomingMessage, ServerResponse } from "node:http";
import { newTrackingId, restErrorBody, serviceErrorFrom, type ServiceError } from "../service-error.ts";
import type { OperatorPage } from "./operator-pages.ts";
import type { ServiceReply } from "./service-call.ts";

/** A reply, its body written. */
export interface WrittenReply {
  readonly status: ServiceReply["status"];
  readonly headers: Readonly<Record<string, string>>;
  /** Absent for an answer without a body. */
  readonly text?: string;
  readonly bytes: number;
}

/** Write a reply's body; throws when it cannot be written, so that this is still a refusal. */
export function writtenReply({ status, body, headers = {} }: ServiceReply): WrittenReply {
  if (body === undefined) return { status, headers, bytes: 0 };
  const text = JSON.stringify(body);
  return { status, headers, text, bytes: Buffer.byteLength(text) };
}

/** Send a reply. */
export function send(response: ServerResponse, { status, headers, text }: WrittenReply): void {
  if (text === undefined) {
    response.writeHead(status, headers).end();
  } else {
    // Without this type the SDK leaves the body unparsed, in silence [facts 4.1].
    response.writeHead(status, { ...headers, "Content-Type": "application/json; charset=utf-8" }).end(text);
  }
}

/** Send a refusal in the service's form. */
export function sendRefusal(
  response: ServerResponse,
  error: ServiceError,
  at: { readonly now: number; readonly trackingId: string },
): void {
  response
    .writeHead(error.status, {
      "Content-Type": "application/json; charset=utf-8",
      "iothub-errorcode": error.code,
      ...(error.retryAfterSeconds === undefined ? {} : { "Retry-After": String(error.retryAfterSeconds) }),
    })
    .end(JSON.stringify(restErrorBody(error, at)));
}

/** A page that somebody asked for, at an instant. */
export interface PageRequest {
  readonly page: OperatorPage;
  readonly request: IncomingMessage;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly now: number;
}

/** Send a page of the local hub itself. */
export async function sendPage(
  response: ServerResponse,
  { page, request, parameters, now }: PageRequest,
): Promise<void> {
  try {
    const text = await page.text(request, parameters);
    response.writeHead(200, { "Content-Type": page.contentType, "Cache-Control": "no-store" }).end(text);
  } catch (error) {
    // What is left of the body is not worth reading.
    if (!request.complete) response.setHeader("Connection", "close");
    sendRefusal(response, serviceErrorFrom(error), { now, trackingId: newTrackingId(now) });
  }
}
