import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import canonicalize from "canonicalize";
import type { PinnedKey } from "../../device/trust.ts";

/** Make the key pair of the devices' maker: the private key goes to a file, the public one into every device. */
export async function makeKeys(
  privateKeyFile: string,
): Promise<{ readonly privateKey: KeyObject; readonly pinned: PinnedKey }> {
  const { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
    generateKeyPairSync("ed25519");
  await writeFile(privateKeyFile, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  const spki = publicKey.export({ format: "der", type: "spki" });
  const keyId = createHash("sha256").update(spki).digest("hex").slice(0, 16);
  return { privateKey, pinned: { keyId, publicKey: spki.toString("base64") } };
}

/** The signed statement about the image that the devices left the factory with (docs/device.md). */
export function signManifest(
  about: Readonly<Record<string, string | number>>,
  privateKey: KeyObject,
): { readonly manifest: string; readonly signature: string } {
  const manifest = canonicalize(about) ?? "";
  return { manifest, signature: sign(null, Buffer.from(manifest), privateKey).toString("base64") };
}
