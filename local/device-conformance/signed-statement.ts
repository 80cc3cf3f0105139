import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from "node:crypto";
import canonicalize from "canonicalize";
import type { Trust } from "../../device/trust.ts";

/** The signed statement about an image, as docs/device.md lists its fields. */
export interface Statement {
  readonly product: string;
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly hardware?: readonly string[];
  readonly floor?: string;
}

/** Somebody who signs images. */
export interface Maker {
  /** What a device pins to believe it. */
  readonly pinned: Trust["keys"][number];
  /** The two fields of the twin; `keyId` names another key than the one that signs. */
  readonly state: (
    statement: Statement,
    keyId?: string,
  ) => { readonly fwManifest: string; readonly fwManifestSignature: string };
}

/** A maker with this private key (PEM), or with a fresh one. Throws when it is not an Ed25519 key. */
export function createMaker(privateKeyPem?: string): Maker {
  const privateKey: KeyObject =
    privateKeyPem === undefined ? generateKeyPairSync("ed25519").privateKey : createPrivateKey(privateKeyPem);
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("it is not an Ed25519 key");
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const keyId = createHash("sha256").update(spki).digest("hex").slice(0, 16);
  return {
    pinned: { keyId, publicKey: spki.toString("base64") },
    state: (statement, named = keyId) => {
      // An object of text keys always has a canonical form.
      const fwManifest = canonicalize({ ...statement, keyId: named }) ?? "";
      return {
        fwManifest,
        fwManifestSignature: sign(null, Buffer.from(fwManifest), privateKey).toString("base64"),
      };
    },
  };
}
