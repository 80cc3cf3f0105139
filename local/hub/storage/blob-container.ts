import { request } from "node:https";
import type { IncomingMessage } from "node:http";

/** A container of blobs, by an address that carries its own signature. */
export interface BlobContainer {
  /** The lines of a blob as they come; throws StorageError when it is not to be had. */
  readonly lines: (name: string) => AsyncIterable<BlobLine>;
  /** Write a blob, replacing one that is there; the text comes in parts. */
  readonly write: (name: string, parts: Iterable<string>) => Promise<void>;
}

/** A line of a blob, without its end. */
export interface BlobLine {
  readonly text: string;
  /** How much of the blob has come, from 0 to 1. */
  readonly share: number;
}

/** How containers are reached. */
export interface StorageAccess {
  /** PEM of the authority to trust beside the well-known ones, such as Azurite's on this machine. */
  readonly ca?: string;
  /** Containers on other machines too; without it the hub talks to this one only. Default false. */
  readonly beyondLoopback?: boolean;
}

/** The storage refused, or could not be reached; the message never has the signature of the address in it. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** Well over any device: a twin has 72 KB of values, and a stamp for each. */
const MAX_LINE_CHARACTERS = 4 * 1024 * 1024;
const BLOCK_CHARACTERS = 4 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** [Azure Storage: versioning]: a version that has all that is used here. */
const STORAGE_VERSION = "2021-12-02";
const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Why an address cannot be that of a container; undefined when it can. */
export function containerTrouble(uri: string, { beyondLoopback = false }: StorageAccess): string | undefined {
  if (uri.length > 4096 || !URL.canParse(uri)) return "is not an address";
  const { protocol, hostname, search, username, pathname } = new URL(uri);
  if (protocol !== "https:" || username !== "") return "is not an https address of a container";
  if (pathname === "/" || !search.includes("sig=")) return "has no container with a shared access signature";
  if (beyondLoopback || LOOPBACK.includes(hostname)) return undefined;
  return "is on another machine, which the local hub may not talk to (option storage.beyondLoopback)";
}

/** The container of an address. */
export function openContainer(
  uri: string,
  { ca, signal }: StorageAccess & { readonly signal: AbortSignal },
): BlobContainer {
  const addressOf = (name: string, parameters: Readonly<Record<string, string>> = {}): URL => {
    const address = new URL(uri);
    address.pathname = `${address.pathname.replace(/\/$/u, "")}/${name}`;
    for (const [key, value] of Object.entries(parameters)) address.searchParams.set(key, value);
    return address;
  };
  const send = async (method: "GET" | "PUT", address: URL, body = ""): Promise<IncomingMessage> => {
    const where = `${address.origin}${address.pathname}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = {
        "x-ms-version": STORAGE_VERSION,
        ...(method === "PUT" && { "Content-Length": Buffer.byteLength(body) }),
      };
      const call = request(
        address,
        { method, headers, signal, timeout: TIMEOUT_MS, agent: false, ...(ca !== undefined && { ca }) },
        resolve,
      );
      call.once("timeout", () => {
        call.destroy(new Error(`nothing was heard for ${TIMEOUT_MS / 1000} s`));
      });
      call.once("error", reject);
      call.end(body);
    }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StorageError(`${where} cannot be reached: ${reason}`);
    });
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    response.resume();
    const code = String(response.headers["x-ms-error-code"] ?? "");
    throw new StorageError(`${where} answered ${statusCode} ${code}`.trimEnd());
  };
  return {
    lines: async function* (name) {
      const address = addressOf(name);
      yield* linesOf(await send("GET", address), `${address.origin}${address.pathname}`);
    },
    write: async (name, parts) => {
      // In blocks, so that the state of a large hub never stands in memory as one text.
      const ids: string[] = [];
      for (const block of inBlocks(parts)) {
        const id = Buffer.from(String(ids.length).padStart(8, "0")).toString("base64");
        (await send("PUT", addressOf(name, { comp: "block", blockid: id }), block)).resume();
        ids.push(id);
      }
      const list = ids.map((id) => `<Latest>${id}</Latest>`).join("");
      const document = `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`;
      (await send("PUT", addressOf(name, { comp: "blocklist" }), document)).resume();
    },
  };
}

async function* linesOf(response: IncomingMessage, where: string): AsyncGenerator<BlobLine> {
  const length = Number(response.headers["content-length"] ?? 0);
  const decoder = new TextDecoder();
  let [bytes, rest] = [0, ""];
  try {
    // A response without setEncoding yields buffers.
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
      rest = lines.pop() ?? "";
      const share = length > 0 ? Math.min(1, bytes / length) : 0;
      for (const text of lines) yield { text, share };
      if (rest.length > MAX_LINE_CHARACTERS)
        throw new Error(`a line has over ${MAX_LINE_CHARACTERS} characters`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(`${where} cannot be read: ${reason}`);
  }
  if (rest !== "") yield { text: rest, share: 1 };
}

function* inBlocks(parts: Iterable<string>): Generator<string> {
  let held: string[] = [];
  let characters = 0;
  for (const part of parts) {
    held.push(part);
    characters += part.length;
    if (characters < BLOCK_CHARACTERS) continue;
    yield held.join("");
    [held, characters] = [[], 0];
  }
  if (held.length > 0) yield held.join("");
}
