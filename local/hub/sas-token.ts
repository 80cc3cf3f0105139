import { createHmac, timingSafeEqual } from "node:crypto";

/** A shared access signature, taken apart but not believed yet. */
export interface SasToken {
  /** `sr` exactly as it stands in the token: this is what was signed [facts 4.4]. */
  readonly signedResource: string;
  /** `sr` decoded, in lower case up to the first slash. */
  readonly resource: string;
  /** Base64. */
  readonly signature: string;
  /** The policy; absent when a device signed with its own key. */
  readonly policy: string | undefined;
  /** Seconds since the epoch, as written and signed. */
  readonly expiry: string;
}

/** Clocks of callers may be this much behind [facts 4.4, G]. */
const EXPIRY_SKEW_SECONDS = 300;
/** Well over any real token. */
const MAX_TOKEN_LENGTH = 4096;
const PREFIX = "SharedAccessSignature ";

/** Take a token apart; undefined when it is none. The order of its fields is free. */
export function parseSasToken(text: string): SasToken | undefined {
  if (text.length > MAX_TOKEN_LENGTH || !text.startsWith(PREFIX)) return undefined;
  const fields = new Map<string, string>();
  for (const field of text.slice(PREFIX.length).split("&")) {
    const at = field.indexOf("=");
    if (at < 0) return undefined;
    fields.set(field.slice(0, at), field.slice(at + 1));
  }
  const signedResource = fields.get("sr");
  const expiry = fields.get("se");
  const resource = signedResource === undefined ? undefined : decoded(signedResource);
  const signature = decoded(fields.get("sig") ?? "");
  if (
    signedResource === undefined ||
    resource === undefined ||
    !signature ||
    !expiry ||
    !/^\d{1,12}$/u.test(expiry)
  ) {
    return undefined;
  }
  const host = resource.split("/", 1)[0] ?? "";
  return {
    signedResource,
    resource: host.toLowerCase() + resource.slice(host.length),
    signature,
    policy: fields.get("skn"),
    expiry,
  };
}

/** The instant from which a token is refused, in milliseconds of REAL time: tokens are made by real clocks. */
export function refusedFrom(token: SasToken): number {
  return (Number(token.expiry) + EXPIRY_SKEW_SECONDS) * 1000;
}

/** Whether one of the keys (base64) signed the token and it has not expired. */
export function isValidSas(token: SasToken, keys: readonly string[]): boolean {
  const given = Buffer.from(token.signature, "base64");
  // Every key is tried, so that the time taken does not tell which one matched.
  const matches = keys.map((key) => {
    const expected = createHmac("sha256", Buffer.from(key, "base64"))
      .update(`${token.signedResource}\n${token.expiry}`)
      .digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches.includes(true) && Date.now() < refusedFrom(token);
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

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a stray percent sign: not a token
  }
}
