import { request as plainRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import { retryAfterMs } from "./retry-after.ts";
import { SourceFailure } from "./source-failure.ts";

/** One call of a service over HTTP: a source of metrics, or a channel of notices. */
export interface HttpCall {
  readonly url: URL;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** Bearer token. */
  readonly token?: string | undefined;
  readonly body?: string;
  /** PEM of a certificate authority of one's own. */
  readonly ca?: string | undefined;
}

/** What came back, whatever its status but those that mean trouble. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface RawAnswer extends HttpAnswer {
  readonly headers: IncomingHttpHeaders;
}

/** Longest body that is read: an answer is a few numbers. */
export const MOST_BYTES = 1_000_000;
const TRIES = 3;
const BACKOFF = { initialDelay: 200, maxDelay: 2_000 } as const;

/**
 * Call a service over HTTP; what may pass by itself (no connection, 429, 5xx) is tried up to three times, unless the signal
 * ends it before. It is never tried earlier than the service asks, and not again where that is longer than our own waits:
 * the next look asks anew. No redirect is followed, so that a token goes nowhere but where the settings say; what is said
 * of trouble holds the address's host alone.
 */
export async function callHttp(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const policy = retry(
    handleWhen((error) => error instanceof SourceFailure && error.isPassing && !signal.aborted),
    { maxAttempts: TRIES - 1, backoff: new ExponentialBackoff(BACKOFF) },
  );
  const { host } = call.url;
  let notBefore = 0;
  const { status, body } = await policy.execute(async () => {
    const early = notBefore - performance.now();
    if (early > 0) await wait(early, undefined, { signal });
    const answer = await callOnce(call, signal);
    if (answer.status === 429 || answer.status >= 500) {
      const asked = retryAfterMs(answer.headers, Date.now()) ?? 0;
      notBefore = performance.now() + asked;
      const isPassing = asked <= BACKOFF.maxDelay;
      throw new SourceFailure("failed", `${host} answered with ${answer.status}`, { isPassing });
    }
    return answer;
  }, signal);
  if (status === 401 || status === 403)
    throw new SourceFailure("refused", `${host} answered with ${status}: is the token right?`);
  if (status >= 300 && status < 400)
    throw new SourceFailure(
      "failed",
      `${host} answered with a redirect, which is not followed: name the last address`,
    );
  return { status, body };
}

function callOnce(call: HttpCall, signal: AbortSignal): Promise<RawAnswer> {
  const { url, method = "GET", headers, token, body, ca } = call;
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const send = url.protocol === "https:" ? secureRequest : plainRequest;
  const request = send(url, {
    method,
    headers: {
      accept: "application/json",
      ...headers,
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    // A look every few minutes needs no open connection.
    agent: false,
    signal,
    ...(ca === undefined ? {} : { ca }),
  });
  const unreachable = (): void => {
    reject(new SourceFailure("unreachable", `${url.host} cannot be reached`, { isPassing: true }));
  };
  request.on("error", unreachable);
  request.on("response", (response: IncomingMessage) => {
    let text = "";
    let bytes = 0;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      bytes += Buffer.byteLength(chunk);
      if (bytes <= MOST_BYTES) text += chunk;
      else {
        reject(new SourceFailure("malformed", `${url.host} answered with more than ${MOST_BYTES} bytes`));
        request.destroy();
      }
    });
    response.on("error", unreachable);
    // An answer that was cut short has no `end`.
    response.on("close", unreachable);
    response.on("end", () => {
      resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
    });
  });
  request.end(body);
  return promise;
}
