import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { jsonOrUndefined } from "./json-value.ts";

/** How bearer tokens are told from forgeries; Azure's own are signed by keys that a local hub cannot have. */
export type EntraTrust =
  /** Tokens signed HS256 with this secret, of at least 32 bytes. */
  | { readonly issuerKey: string }
  /** Anybody's tokens of the algorithm "none": for a hub that only its owner can reach. */
  | { readonly unsigned: true };

/** Who a bearer token was made for, and until when. */
export interface EntraPrincipal {
  readonly name: string;
  readonly roles: readonly string[];
}

const AUDIENCE = "https://iothubs.azure.net";
/** [RFC 7518, 3.2]: a key as long as the hash. */
const MIN_KEY_BYTES = 32;

const instant = z.number().min(0).max(253_402_300_799);
const headerSchema = z.object({ alg: z.enum(["HS256", "none"]), crit: z.never().optional() });
const claimsSchema = z.object({
  aud: z.literal(AUDIENCE),
  exp: instant,
  nbf: instant.optional(),
  roles: z.array(z.string().max(256)).max(100).default([]),
  sub: z.string().max(256).optional(),
});

/** Refuse a key that is too short to keep anybody out. */
export function checkEntraTrust(trust: EntraTrust): void {
  if ("issuerKey" in trust && Buffer.byteLength(trust.issuerKey) < MIN_KEY_BYTES)
    throw new RangeError(`entra.issuerKey has under ${MIN_KEY_BYTES} bytes, make it longer`);
}

/** A bearer token as the local hub takes it, for an hour unless told otherwise. */
export function createEntraToken({
  issuerKey,
  roles,
  name = "developer",
  lifetimeMs = 3_600_000,
}: {
  readonly issuerKey: string;
  readonly roles: readonly string[];
  readonly name?: string;
  readonly lifetimeMs?: number;
}): string {
  const claims = { aud: AUDIENCE, exp: Math.floor((Date.now() + lifetimeMs) / 1000), roles, sub: name };
  const signed = [{ alg: "HS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${signature(signed, issuerKey).toString("base64url")}`;
}

/** Who a bearer token speaks for; undefined when it is forged, for another audience, or not valid now (real time). */
export function readEntraToken(
  text: string,
  { trust, skewMs }: { trust: EntraTrust; skewMs: number },
): EntraPrincipal | undefined {
  const [head = "", body = "", signed = "", ...excess] = text.split(".");
  const header = headerSchema.safeParse(jsonFrom(head));
  if (excess.length > 0 || !header.success) return undefined;
  const isTrusted =
    "issuerKey" in trust
      ? header.data.alg === "HS256" && isSigned(`${head}.${body}`, signed, trust.issuerKey)
      : header.data.alg === "none" && signed === "";
  const claims = isTrusted ? claimsSchema.safeParse(jsonFrom(body)) : undefined;
  if (claims?.success !== true) return undefined;
  const { exp, nbf = 0, roles, sub = "somebody" } = claims.data;
  const now = Date.now();
  return now < exp * 1000 + skewMs && nbf * 1000 - skewMs <= now ? { name: sub, roles } : undefined;
}

function isSigned(content: string, given: string, issuerKey: string): boolean {
  const bytes = Buffer.from(given, "base64url");
  const expected = signature(content, issuerKey);
  return (
    bytes.length === expected.length &&
    bytes.toString("base64url") === given &&
    timingSafeEqual(bytes, expected)
  );
}

function signature(content: string, issuerKey: string): Buffer {
  return createHmac("sha256", issuerKey).update(content).digest();
}

function jsonFrom(part: string): unknown {
  return jsonOrUndefined(Buffer.from(part, "base64url").toString());
}
