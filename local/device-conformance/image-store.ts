import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { issueServerCertificate, type CertificateAuthority } from "../hub/certificates.ts";
import type { Happening, Untimed } from "./timeline.ts";

/** How the store treats one image. It may change while it is being fetched. */
export type Mood =
  /** Whole, or from where it is asked for. */
  | "good"
  /** Half of it, and the rest once the mood is good again. */
  | "holds"
  /** Half of it, then the line breaks; the next answer is whole. */
  | "breaks once"
  /** As good, but knows no ranges and no tags. */
  | "no ranges"
  | 404
  | 403
  /** A redirect to the image itself, which is not to be followed. */
  | 302;

/** An image at an address of its own. */
export interface Served {
  readonly path: string;
  readonly uri: string;
  mood: Mood;
  /** Requests so far. */
  readonly requests: () => number;
}

/** The store all images of a run are fetched from. */
export interface ImageStore extends AsyncDisposable {
  /** Put bytes at a new address; every request for them is told to `tell`. */
  readonly put: (
    bytes: Uint8Array,
    options: { readonly mood?: Mood; readonly tell: (happening: Untimed<Happening>) => void },
  ) => Served;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly served: Served;
  readonly tell: (happening: Untimed<Happening>) => void;
  requests: number;
}

/** Query of the address a redirect leads to, where the image really is. */
const ELSEWHERE = "elsewhere";
/** How often a held answer looks whether it may go on. */
const LOOK_MS = 20;

/** Serve images over TLS at `host`, with a certificate of the hub's authority, by RFC 9110's rules for ranges. */
export async function startImageStore(authority: CertificateAuthority, host: string): Promise<ImageStore> {
  const certificate = await issueServerCertificate(authority, [...new Set([host, "localhost", "127.0.0.1"])]);
  const entries = new Map<string, Entry>();
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    const [path = "", query] = (request.url ?? "").split("?", 2);
    const entry = entries.get(path);
    if (entry === undefined) response.writeHead(404).end();
    else answer(entry, { request, response, mood: query === ELSEWHERE ? "good" : entry.served.mood });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host === "localhost" ? "127.0.0.1" : host, resolve);
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the image store does not listen");
  return {
    put: (bytes, { mood = "good", tell }) => {
      const path = `/images/${entries.size + 1}`;
      const entry: Entry = {
        bytes,
        etag: `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`,
        served: { path, uri: `https://${host}:${address.port}${path}`, mood, requests: () => entry.requests },
        tell,
        requests: 0,
      };
      entries.set(path, entry);
      return entry.served;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function answer(
  entry: Entry,
  {
    request,
    response,
    mood,
  }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly mood: Mood },
): void {
  const { bytes, etag, served, tell } = entry;
  const { path } = served;
  const { range } = request.headers;
  entry.requests += 1;
  tell({ kind: "fetchBegan", path, range });
  const end = (status: number, sent: number, whole: boolean): void => {
    tell({ kind: "fetchEnded", path, status, bytes: sent, whole });
  };
  if (typeof mood === "number") {
    response.writeHead(mood, mood === 302 ? { location: `${path}?${ELSEWHERE}` } : {}).end();
    end(mood, 0, false);
    return;
  }
  const from = mood === "no ranges" ? 0 : rangeStart(request, etag, bytes.length);
  const body = bytes.subarray(from);
  const status = from > 0 ? 206 : 200;
  response.setHeader("content-length", body.length);
  if (mood !== "no ranges") response.setHeader("etag", etag).setHeader("accept-ranges", "bytes");
  if (from > 0) response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
  response.writeHead(status);
  if (mood === "good" || mood === "no ranges") {
    response.end(body, () => {
      end(status, body.length, true);
    });
    return;
  }
  const half = Math.ceil(body.length / 2);
  response.write(body.subarray(0, half));
  if (mood === "breaks once") {
    served.mood = "good";
    response.socket?.end();
    end(status, half, false);
    return;
  }
  const looking = setInterval(() => {
    if (response.socket?.destroyed !== false) {
      clearInterval(looking);
      end(status, half, false);
    } else if (served.mood !== "holds") {
      clearInterval(looking);
      response.end(body.subarray(half), () => {
        end(status, body.length, true);
      });
    }
  }, LOOK_MS);
}

/** First byte asked for; 0 when the whole is, or the file it was asked of is another. [RFC 9110, 13.1.5 and 14.2] */
function rangeStart({ headers }: IncomingMessage, etag: string, size: number): number {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  return isSame && start < size ? start : 0;
}
