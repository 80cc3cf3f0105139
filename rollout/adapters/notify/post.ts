import { WavegateError } from "../../model/problem.ts";
import { callHttp } from "../http-call.ts";
import { redacted } from "../secret-place.ts";
import { SourceFailure } from "../source-failure.ts";

/** One message, as JSON. */
export interface Message {
  /** May be a secret in itself: of its parts only the host is ever told. */
  readonly url: URL;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly ca?: string | undefined;
}

/** Answers to a message that no repetition makes better. */
const REFUSALS = [400, 413, 415, 422];

/** Post a message, as `callHttp` calls; an answer other than 2xx is NOTIFY_REFUSED or NOTIFY_FAILED. */
export async function post({ url, body, headers, token, ca }: Message, signal: AbortSignal): Promise<void> {
  const call = {
    url,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    token,
    body,
    ca,
  } as const;
  const { status, body: said } = await callHttp(call, signal);
  if (status >= 200 && status < 300) return;
  const why = redacted(
    said,
    [url.href, url.search, url.pathname, ...url.pathname.split("/"), token].filter(isLong),
  );
  throw new WavegateError(
    REFUSALS.includes(status) ? "NOTIFY_REFUSED" : "NOTIFY_FAILED",
    `${url.host} answered with ${status}${why === "" ? "" : `: ${why}`}`,
    { hint: HINTS[status] ?? "run: wavegate notify test" },
  );
}

/** A failure of sending, in the words of the channel; `ended`: why the signal ended it, where it did. */
export function notifyError(error: unknown, ended: string | undefined): WavegateError {
  if (error instanceof WavegateError) return error;
  const hint = "check the channel in `notify` of the settings: wavegate notify test";
  if (ended !== undefined) return new WavegateError("NOTIFY_FAILED", ended, { hint });
  // Of somebody else's error only the name: its message may hold the address.
  const text =
    error instanceof SourceFailure ? error.message : error instanceof Error ? error.name : "failed";
  return new WavegateError("NOTIFY_FAILED", text, { hint });
}

const HINTS: Readonly<Record<number, string>> = {
  404: "its address is no longer valid: make a new one and put it in the channel's place",
  410: "its address is no longer valid: make a new one and put it in the channel's place",
};

/** Short parts of a path are words, not secrets. */
function isLong(part: string | undefined): part is string {
  return part !== undefined && part.length >= 8;
}
