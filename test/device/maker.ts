import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { PinnedKey } from "../../device/trust.ts";
import { renderManifest, type Manifest } from "../../rollout/model/manifest.ts";
import { keyIdOf, publicKeyText } from "../../rollout/model/signing-key.ts";

/** Somebody who signs images. */
export interface Maker {
  readonly pinned: PinnedKey;
  /** Sign any text, however malformed. */
  readonly sign: (manifest: string) => SignedStatement;
  /** Sign a statement; `change` may replace anything, the key's name too. */
  readonly state: (about: Omit<Manifest, "keyId">, change?: Partial<Manifest>) => SignedStatement;
}

/** The two fields of the twin that carry it. */
export interface SignedStatement {
  readonly fwManifest: string;
  readonly fwManifestSignature: string;
}

/** A maker with a fresh key. */
export function aMaker(): Maker {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } =
    generateKeyPairSync("ed25519");
  const keyId = keyIdOf(publicKey);
  const signed = (manifest: string): SignedStatement => ({
    fwManifest: manifest,
    fwManifestSignature: sign(null, Buffer.from(manifest), privateKey).toString("base64"),
  });
  return {
    pinned: { keyId, publicKey: publicKeyText(publicKey) },
    sign: signed,
    state: (about, change = {}) => signed(renderManifest({ keyId, ...about, ...change })),
  };
}
