import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, get } from "node:https";
import { UnansweredError, withTimeout } from "./answer-timeout.ts";
import { DeviceError } from "./failure.ts";

/** Where to begin in a file, and the strong entity tag it has to have still. */
export interface ImageRange {
  readonly from: number;
  readonly etag: string;
}

/** A server's answer, its body not read yet. */
export interface ImageAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next bytes; absent at the end. Rejects when the connection breaks off or falls silent. */
  next(): Promise<Uint8Array | undefined>;
  /** Hang up. */
  end(): void;
}

/** Ask for an image, or for the rest of one. Rejects when nobody answers. */
export type RequestImage = (
  uri: string,
  options: { readonly range?: ImageRange | undefined; readonly signal: AbortSignal },
) => Promise<ImageAnswer>;

/** How to reach image stores. */
export interface ImageRequestOptions {
  /** Certificate authority of the stores; default: those Node trusts. */
  readonly caPem?: string | undefined;
  /**
   * `HTTPS_PROXY` and `NO_PROXY` as programs know them from their environment; pass `process.env` to follow the
   * machine's. Default: no proxy.
   */
  readonly proxyEnv?: ProxyEnv | undefined;
  /** Real milliseconds without a byte after which a connection is given up. Default: 30 s. */
  readonly idleTimeoutMs?: number | undefined;
}

/** The variables that name a proxy. */
export type ProxyEnv = Readonly<Partial<Record<"HTTPS_PROXY" | "NO_PROXY", string>>>;

const IDLE_TIMEOUT_MS = 30_000;

/** Requests over HTTPS, through a proxy's CONNECT if there is one. Redirects are answers like any other. */
export function httpsImages({
  caPem,
  proxyEnv,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
}: ImageRequestOptions): RequestImage {
  return async (uri, { range, signal }) => {
    if (!isHttps(uri)) throw new DeviceError("DOWNLOAD_FAILED", `${withoutQuery(uri)} is not HTTPS`);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const asked = get(
      uri,
      {
        agent: new Agent({
          keepAlive: false,
          ...(proxyEnv === undefined ? {} : { proxyEnv: { ...proxyEnv } }),
        }),
        signal,
        ...(caPem === undefined ? {} : { ca: caPem }),
        ...(range === undefined
          ? {}
          : { headers: { range: `bytes=${range.from}-`, "if-range": range.etag } }),
      },
      resolve,
    );
    asked.on("error", reject);
    const hangUp = (error: Error): void => {
      asked.destroy(error);
    };
    const response = await inTime(promise, { idleTimeoutMs, hangUp });
    const chunks: AsyncIterator<Uint8Array, undefined> = response[Symbol.asyncIterator]();
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      // Only waiting counts as silence: a device that keeps to its bandwidth leaves bytes unread on purpose.
      next: async () => (await inTime(chunks.next(), { idleTimeoutMs, hangUp })).value,
      end: () => response.destroy(),
    };
  };
}

/** Whether images may be fetched from an address. */
export function isHttps(uri: string): boolean {
  return URL.parse(uri)?.protocol === "https:";
}

/** An address as it may be told to others: its query can be a key. */
export function withoutQuery(uri: string): string {
  return uri.replace(/[?#].*$/s, "");
}

async function inTime<T>(
  answer: Promise<T>,
  { idleTimeoutMs, hangUp }: { readonly idleTimeoutMs: number; readonly hangUp: (error: Error) => void },
): Promise<T> {
  try {
    return await withTimeout(answer, idleTimeoutMs, `no byte for ${idleTimeoutMs} ms`);
  } catch (error) {
    if (error instanceof UnansweredError) hangUp(error);
    throw error;
  }
}
