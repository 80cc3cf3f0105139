import { createHmac, timingSafeEqual } from "node:crypto";

/** A shared access signature, taken apart but not believed yet. */
export interface SasToken {
  /** `sr` exactly as it stands in the token: this is what was signed [facts 4.4]. */
  readonly signedResource: string;
  /** `sr` decoded, in lower case up to the first slash. */
  readonly resource: string;
  /** The 32 bytes of HMAC-SHA256. */
  readonly signature: Buffer;
  /** The policy; absent when a device signed with its own key. */
  readonly policy: string | undefined;
  /** Seconds since the epoch, as written and signed. */
  readonly expiry: string;
}

/** Clocks of callers may be this much behind unless the hub is told otherwise [facts 4.4, G]. */
export const DEFAULT_TOKEN_SKEW_MS = 300_000;
/** Well over any real token. */
const MAX_TOKEN_LENGTH = 4096;
/** The end of the year 9999: what is later is no date to the service. */
const MAX_EXPIRY_SECONDS = 253_402_300_799;
const PREFIX = "SharedAccessSignature ";

/** Take a token apart; undefined when it is none. The order of its fields is free, and none may come twice. */
export function parseSasToken(text: string): SasToken | undefined {
  if (text.length > MAX_TOKEN_LENGTH || !text.startsWith(PREFIX)) return undefined;
  const fields = fieldsOf(text.slice(PREFIX.length));
  const signedResource = fields?.get("sr");
  const resource = signedResource === undefined ? undefined : decoded(signedResource);
  const signature = signatureFrom(decoded(fields?.get("sig") ?? ""));
  const policy = decoded(fields?.get("skn") ?? "");
  const expiry = fields?.get("se") ?? "";
  if (!signedResource || !resource || signature === undefined || policy === undefined || !isExpiry(expiry))
    return undefined;
  const host = resource.split("/", 1)[0] ?? "";
  return {
    signedResource,
    resource: host.toLowerCase() + resource.slice(host.length),
    signature,
    // The C SDK writes an empty skn into tokens of a device's own key.
    policy: policy === "" ? undefined : policy,
    expiry,
  };
}

/** The instant from which a token is refused, in milliseconds of REAL time: tokens are made by real clocks. */
export function refusedFrom(token: SasToken, skewMs: number): number {
  return Number(token.expiry) * 1000 + skewMs;
}

/** Whether one of the keys (base64) signed the token and it has not expired. */
export function isValidSas(
  token: SasToken,
  { keys, skewMs }: { keys: readonly string[]; skewMs: number },
): boolean {
  // Every key is tried, so that the time taken does not tell which one matched.
  const matches = keys.map((key) =>
    timingSafeEqual(
      token.signature,
      createHmac("sha256", Buffer.from(key, "base64"))
        .update(`${token.signedResource}\n${token.expiry}`)
        .digest(),
    ),
  );
  return matches.includes(true) && Date.now() < refusedFrom(token, skewMs);
}

/** Whether the token's scope covers a path of a host: equal, or a prefix by whole segments. */
export function coversResource(
  token: SasToken,
  { hosts, path }: { hosts: readonly string[]; path: string },
): boolean {
  const [host = "", ...segments] = token.resource.split("/");
  if (!hosts.includes(host.replace(/:\d+$/u, ""))) return false;
  const wanted = path.split("/");
  return segments.every((segment, index) => segment === wanted[index]);
}

function fieldsOf(text: string): ReadonlyMap<string, string> | undefined {
  // Printable ASCII only: no line break, blank or NUL that another reader might take for an end.
  if (!/^[\x21-\x7e]+$/u.test(text)) return undefined;
  const fields = new Map<string, string>();
  for (const field of text.split("&")) {
    const at = field.indexOf("=");
    const name = field.slice(0, Math.max(at, 0));
    if (at < 0 || fields.has(name)) return undefined;
    fields.set(name, field.slice(at + 1));
  }
  return fields;
}

// Whole and canonical: what decodes leniently could be written in more ways than one.
function signatureFrom(text: string | undefined): Buffer | undefined {
  if (text === undefined || text.length !== 44) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 32 && bytes.toString("base64") === text ? bytes : undefined;
}

function isExpiry(text: string): boolean {
  return /^\d{1,12}$/u.test(text) && Number(text) <= MAX_EXPIRY_SECONDS;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a stray percent sign: not a token
  }
}
