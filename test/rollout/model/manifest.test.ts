import { fc, test } from "@fast-check/vitest";
import { createPublicKey, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  manifestDifferences,
  parseManifest,
  renderManifest,
  type Manifest,
} from "../../../rollout/model/manifest.ts";
import { isSignedBy, keyIdOf, parsePublicKey, publicKeyText } from "../../../rollout/model/signing-key.ts";

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...Array.from("0123456789abcdef")),
    minLength: length,
    maxLength: length,
  });
const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join("."));
const manifests: fc.Arbitrary<Manifest> = fc.record(
  {
    product: fc.constantFrom("thermostat", "press-2"),
    version: version.map((text) => `1${text}`),
    sha256: hex(64),
    size: fc.integer({ min: 1, max: 2 ** 40 }),
    keyId: hex(16),
    hardware: fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "binary" }), {
      minLength: 1,
      maxLength: 5,
    }),
    floor: version.filter((text) => !/^\d\d/.test(text)),
  },
  { requiredKeys: ["product", "version", "sha256", "size", "keyId"] },
);

describe("parseManifest", () => {
  test.prop([manifests])(
    "reads what renderManifest writes, and nothing that differs by a character",
    (manifest) => {
      const text = renderManifest(manifest);
      expect(parseManifest(text)).toEqual(manifest);
      expect(parseManifest(`${text} `)).toBeTypeOf("string");
      expect(parseManifest(text.replace(":", ": "))).toBeTypeOf("string");
    },
  );

  test.prop([fc.oneof(fc.string({ unit: "binary" }), fc.json())])(
    "says what is wrong with anything else",
    (text) => {
      expect(parseManifest(text)).toMatch(/\S/);
    },
  );

  it("writes fields in one order, without white space [RFC 8785]", () => {
    const manifest = {
      version: "1.0.0",
      size: 1,
      sha256: "a".repeat(64),
      product: "p",
      keyId: "b".repeat(16),
    };
    expect(renderManifest(manifest)).toBe(
      `{"keyId":"${"b".repeat(16)}","product":"p","sha256":"${"a".repeat(64)}","size":1,"version":"1.0.0"}`,
    );
  });
});

describe("manifestDifferences", () => {
  const manifest = { product: "p", version: "1.0.0", sha256: "a".repeat(64), size: 1, keyId: "b".repeat(16) };
  it("names every field that differs, and none that nobody stated", () => {
    expect(manifestDifferences(manifest, { product: "p", size: 1 })).toEqual([]);
    expect(manifestDifferences(manifest, { version: "1.0.1", size: 2 })).toEqual([
      "version is 1.0.1, and the manifest says 1.0.0",
      "size is 2, and the manifest says 1",
    ]);
  });
});

describe("signatures", () => {
  // [RFC 8032, 7.1, TEST 2]: the message is the one byte 0x72, "r".
  const raw = Buffer.from("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "hex");
  // [RFC 8410, 4]: the DER in front of an Ed25519 public key.
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  const key: KeyObject = createPublicKey({ key: spki, format: "der", type: "spki" });
  const signature = Buffer.from(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    "hex",
  ).toString("base64");

  it("are those of RFC 8032", () => {
    expect(isSignedBy({ manifest: "r", signature }, key)).toBe(true);
    expect(isSignedBy({ manifest: "s", signature }, key)).toBe(false);
  });

  it.each([
    ["no padding", signature.replaceAll("=", "")],
    ["white space", `${signature}\n`],
    ["the other base64", signature.replaceAll("+", "-").replaceAll("/", "_")],
    ["none", ""],
  ])("have one spelling: %s is refused", (_, spelt) => {
    expect(spelt).not.toBe(signature);
    expect(isSignedBy({ manifest: "r", signature: spelt }, key)).toBe(false);
  });

  it("are those of a key that is named by its own digest, and reads back as it is pinned", () => {
    expect(publicKeyText(key)).toBe(spki.toString("base64"));
    const read = parsePublicKey(publicKeyText(key));
    expect(read && keyIdOf(read)).toBe(keyIdOf(key));
    expect(keyIdOf(key)).toMatch(/^[0-9a-f]{16}$/);
    expect(parsePublicKey(String(key.export({ format: "pem", type: "spki" })))).toBeDefined();
  });
});
