import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import type { ImageServer } from "./image-server.ts";
import { startImageServer } from "./image-server.ts";

/** How a store of one image behaves; by default as a good one. */
export interface RangeServerOptions {
  /** Whether it knows ranges. */
  readonly ranges?: boolean;
  /** Entity tags of the answers, the last for all that follow; empty: none. */
  readonly etags?: readonly string[];
  /** Bytes after which each answer breaks off, in turn; answers behind the list are whole. */
  readonly breaksOffAfter?: readonly number[];
  /** Answers 416 to every range. */
  readonly refusesRanges?: boolean;
  /** Where its parts begin, whatever was asked for. */
  readonly sendsFrom?: number;
}

/** A store that goes on where it was told to. */
export interface RangeServer extends ImageServer {
  /** `Range` of each request, in order. */
  readonly ranges: readonly (string | undefined)[];
}

/** Serve one image, whatever the path, by RFC 9110's rules for ranges, until the test ends. */
export async function startRangeServer(
  bytes: Uint8Array,
  {
    ranges: knowsRanges = true,
    etags = ['"1"'],
    breaksOffAfter = [],
    refusesRanges,
    sendsFrom,
  }: RangeServerOptions,
  authority?: CertificateAuthority,
): Promise<RangeServer> {
  const ranges: (string | undefined)[] = [];
  const server = await startImageServer((request, response) => {
    const answers = ranges.push(request.headers.range) - 1;
    const etag = etags[Math.min(answers, etags.length - 1)]!;
    if (etag !== "") response.setHeader("etag", etag);
    const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    const isPart = knowsRanges && asked !== undefined && request.headers["if-range"] === etag;
    if (isPart && refusesRanges === true) {
      response.writeHead(416).end();
      return;
    }
    const from = isPart ? (sendsFrom ?? Number(asked)) : 0;
    const body = bytes.subarray(from);
    response.setHeader("content-length", body.length);
    if (isPart) response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(isPart ? 206 : 200);
    const until = breaksOffAfter[answers];
    if (until === undefined) response.end(body);
    // The end is announced and never comes.
    else if (until === 0) {
      response.flushHeaders();
      response.socket?.end();
    } else response.write(body.subarray(0, until), () => response.socket?.end());
  }, authority);
  return { ...server, ranges };
}
