import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";

/** An Ed25519 signature in base64: 64 bytes, one spelling. */
const SIGNATURE_TEXT = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** Name of a key: the first 16 hex digits of the SHA-256 of its public part (SubjectPublicKeyInfo, RFC 8410). */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256").update(spkiOf(publicKey)).digest("hex").slice(0, 16);
}

/** A public key as devices pin it: its SubjectPublicKeyInfo in base64. */
export function publicKeyText(publicKey: KeyObject): string {
  return spkiOf(publicKey).toString("base64");
}

/** Read a public key, PEM or as devices pin it; undefined when it is no Ed25519 key, or a private one. */
export function parsePublicKey(text: string): KeyObject | undefined {
  if (text.includes("PRIVATE KEY")) return undefined;
  try {
    const key = text.includes("-----BEGIN")
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the signature is that key's over the manifest's bytes (Ed25519, RFC 8032). */
export function isSignedBy(
  { manifest, signature }: { readonly manifest: string; readonly signature: string },
  publicKey: KeyObject,
): boolean {
  return isSignatureOf(manifest, signature, publicKey);
}

/** Whether a signature in base64 is that key's over a text's bytes (Ed25519, RFC 8032). */
export function isSignatureOf(text: string, signature: string, publicKey: KeyObject): boolean {
  if (!SIGNATURE_TEXT.test(signature)) return false;
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, "base64"));
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: "der", type: "spki" });
}
