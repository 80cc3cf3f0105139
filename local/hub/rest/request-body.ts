import type { IncomingMessage } from "node:http";
import { isDeeperThan, MAX_JSON_DEPTH } from "../json-depth.ts";
import type { JsonValue } from "../json-value.ts";
import { argumentInvalid, ServiceError } from "../service-error.ts";

/** Well over the largest document the service takes: a twin of 8 KB tags and 32 KB desired properties. */
const MAX_BODY_BYTES = 512 * 1024;

/** Read to here all the same: who is cut off while it sends is likely to miss why. */
const MAX_READ_BYTES = 8 * MAX_BODY_BYTES;

/** A body as it was sent. */
export interface RequestBody {
  /** Undefined when it is empty. */
  readonly json: JsonValue | undefined;
  readonly bytes: number;
}

/** The JSON body of a request. Refuses more than a service document can need. */
export async function readJsonBody(request: IncomingMessage): Promise<RequestBody> {
  const content = await readContent(request);
  const bytes = content.length;
  const text = utf8Text(content);
  if (text.trim() === "") return { json: undefined, bytes };
  const body = parseJson(text);
  if (isDeeperThan(body, MAX_JSON_DEPTH))
    throw argumentInvalid(`The body is nested deeper than ${MAX_JSON_DEPTH} levels`);
  return { json: body, bytes };
}

/** The body of a request as it is. Refuses more than a service document can need. */
export async function readContent(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    // A request without setEncoding yields buffers; not destroyed, since the refusal is still to be sent on its socket.
    bytes += chunk.length;
    if (bytes > MAX_READ_BYTES) break;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) {
    throw new ServiceError(413, "MessageTooLarge", { message: `The body is over ${MAX_BODY_BYTES} bytes` });
  }
  return Buffer.concat(chunks);
}

/** [RFC 8259, 8.1]: JSON is UTF-8; read as anything else it would be stored as something else than was sent. */
function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw argumentInvalid("The body is not UTF-8");
  }
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue; // what JSON.parse returns is a JsonValue by definition
  } catch (error) {
    throw argumentInvalid(`The body is not JSON: ${error instanceof Error ? error.message : ""}`);
  }
}
