import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { InvariantError } from "./problem.ts";

declare const digestBrand: unique symbol;

/** SHA-256 of a value's canonical JSON, 64 lower-case hex digits. */
export type Digest = string & { readonly [digestBrand]: true };

/** Digest of a JSON value over its RFC 8785 form, so that key order and white space do not matter. */
export function digestOf(value: unknown): Digest {
  return sha256Hex(canonicalJson(value));
}

/** The RFC 8785 text of a JSON value. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new InvariantError("a value without JSON form was to be digested");
  return text;
}

/** SHA-256 of a text or of bytes. */
export function sha256Hex(data: string | Uint8Array): Digest {
  // The only place where a digest is made out of a plain string: it just came from SHA-256.
  return createHash("sha256").update(data).digest("hex") as Digest;
}

/** A digest read from a label or a file; undefined when it does not look like one. */
export function parseDigest(text: string | undefined): Digest | undefined {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}
