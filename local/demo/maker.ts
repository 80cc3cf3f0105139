import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import canonicalize from "canonicalize";
import type { PinnedKey } from "../../device/trust.ts";
import type { LocalImage } from "../deployment.ts";

/** The maker's key pair: the private key signs images, the public one goes into every device. */
export interface MakerKeys {
  readonly privateKey: KeyObject;
  readonly pinned: PinnedKey;
}

/** Make the key pair of the devices' maker; the private key goes to a file too. */
export async function makeKeys(privateKeyFile: string): Promise<MakerKeys> {
  const { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
    generateKeyPairSync("ed25519");
  await writeFile(privateKeyFile, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  const spki = publicKey.export({ format: "der", type: "spki" });
  const keyId = createHash("sha256").update(spki).digest("hex").slice(0, 16);
  return { privateKey, pinned: { keyId, publicKey: spki.toString("base64") } };
}

/** Source of a `fleet.ts` that adopts what the devices left the factory with, signed as docs/device.md has it. */
export function adoptingFleet(input: {
  readonly product: string;
  readonly version: string;
  readonly image: LocalImage;
  readonly keys: MakerKeys;
}): string {
  const { product, version, image, keys } = input;
  const { path, sha256, bytes } = image;
  const size = bytes.length;
  const manifest = canonicalize({ product, version, sha256, size, keyId: keys.pinned.keyId }) ?? "";
  const signature = sign(null, Buffer.from(manifest), keys.privateKey).toString("base64");
  const artifact = JSON.stringify({ path, sha256, size, manifest, signature });
  return `import { defineFleet } from "wavegate";

// What the devices left the factory with: adopting it writes to no device.
export default defineFleet({
  products: { ${product}: { adopt: { version: "${version}", artifact: ${artifact} } } },
});
`;
}
