import semver from "semver";
import type { Manifest } from "../rollout/model/manifest.ts";
import { manifestDifferences, parseManifest } from "../rollout/model/manifest.ts";
import { isSignedBy, keyIdOf, parsePublicKey } from "../rollout/model/signing-key.ts";
import type { Failure } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";
import { readSignedStatement } from "./firmware-request.ts";

/** A key whose signature the device believes, as `wavegate keys new` prints it. */
export interface PinnedKey {
  readonly keyId: string;
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
  /** Versions from this one up are no longer believed from this key; default: all are. */
  readonly retiredFrom?: string;
}

/** What a device knows of itself and of its maker from the factory on; nothing that a hub says changes it. */
export interface Trust {
  /** Product it is, as manifests name it. */
  readonly product: string;
  /** Board it is, as manifests name it. */
  readonly hardware: string;
  /** Keys whose signatures are believed; at least one. */
  readonly keys: readonly PinnedKey[];
}

/** Make sure that the keys can be used, before anything is decided by them. */
export function expectUsable({ keys }: Trust): void {
  if (keys.length === 0) throw new Error("trust: no key is pinned; leave `trust` out to check no signature");
  for (const { keyId, publicKey, retiredFrom } of keys) {
    const key = parsePublicKey(publicKey);
    if (key === undefined) throw new Error(`trust: the key ${keyId} is no Ed25519 public key in base64`);
    if (keyIdOf(key) !== keyId)
      throw new Error(
        `trust: the key called ${keyId} is ${keyIdOf(key)}; pin the line of: wavegate keys new`,
      );
    if (retiredFrom !== undefined && semver.valid(retiredFrom) === null)
      throw new Error(`trust: the key ${keyId} is retired from ${retiredFrom}, which is no version`);
  }
}

/** Believe a request, or say why not: the signed statement counts, and what is said beside it has to agree. */
export function checkManifest(input: {
  readonly desired: unknown;
  readonly request: FirmwareRequest;
  readonly trust: Trust;
  /** Lowest version the device may go back to; absent: any. */
  readonly floor: string | undefined;
}): Manifest | Failure {
  const { desired, request, trust, floor } = input;
  const signed = readSignedStatement(desired);
  if (signed.manifest === "" || signed.signature === "")
    return {
      code: "SIGNATURE_MISSING",
      message: `${request.version} is not signed, and this device wants it`,
    };
  const manifest = parseManifest(signed.manifest);
  if (typeof manifest === "string")
    return { code: "MANIFEST_INVALID", message: `the manifest cannot be used: ${manifest}` };
  const { keyId, version, product, hardware } = manifest;
  const pinned = trust.keys.find((key) => key.keyId === keyId);
  const publicKey = pinned === undefined ? undefined : parsePublicKey(pinned.publicKey);
  if (pinned === undefined || publicKey === undefined)
    return { code: "KEY_UNKNOWN", message: `the manifest names the key ${keyId}, which is not pinned` };
  if (!isSignedBy(signed, publicKey))
    return { code: "SIGNATURE_INVALID", message: `the signature is not that of the key ${keyId}` };
  if (pinned.retiredFrom !== undefined && semver.gte(version, pinned.retiredFrom))
    return {
      code: "KEY_RETIRED",
      message: `the key ${keyId} does not sign from ${pinned.retiredFrom} on, and signed ${version}`,
    };
  if (product !== trust.product)
    return { code: "PRODUCT_MISMATCH", message: `the image is for ${product}; this is a ${trust.product}` };
  if (hardware?.includes(trust.hardware) === false)
    return {
      code: "HARDWARE_MISMATCH",
      message: `the image is for ${hardware.join(", ")}; this is ${trust.hardware}`,
    };
  const differences = manifestDifferences(manifest, {
    version: request.version,
    sha256: request.sha256,
    size: request.size,
  });
  if (differences.length > 0) return { code: "MANIFEST_DIFFERS", message: differences.join("; ") };
  if (floor !== undefined && semver.lt(version, floor))
    return { code: "BELOW_FLOOR", message: `${version} is below ${floor}, the lowest this device takes` };
  return manifest;
}
