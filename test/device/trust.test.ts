import { describe, expect, it } from "vitest";
import { expectUsable, type Trust } from "../../device/trust.ts";
import type { Manifest } from "../../rollout/model/manifest.ts";
import { aMaker, type SignedStatement } from "./maker.ts";
import type { PaperImage } from "./paper-device.ts";
import { desiredFor, digest, PaperDevice } from "./paper-device.ts";

const V1: PaperImage = { sha256: digest("1"), states: "1.0.0" };
const V2: PaperImage = { sha256: digest("2"), states: "2.0.0" };
const V3: PaperImage = { sha256: digest("3"), states: "3.0.0" };
const V4: PaperImage = { sha256: digest("4"), states: "4.0.0" };

const maker = aMaker();
const successor = aMaker();
const stranger = aMaker();
const TRUST: Trust = { product: "thermostat", hardware: "B", keys: [maker.pinned, successor.pinned] };

const about = (image: PaperImage): Omit<Manifest, "keyId"> => ({
  product: "thermostat",
  version: image.states,
  sha256: image.sha256,
  size: 1000,
});

function device(trust: Trust | "none" = TRUST): PaperDevice {
  const d = new PaperDevice(V1, [V1, V2, V3, V4]);
  d.trust = trust === "none" ? undefined : trust;
  return d.settle();
}

let attempts = 0;
/** Ask for an image by an attempt of its own. */
function ask(d: PaperDevice, image: PaperImage, signed: object): PaperDevice {
  d.hear(desiredFor({ rolloutId: `attempt-${++attempts}`, version: image.states, image }, signed));
  return d.settle();
}

describe("a device with pinned keys", () => {
  it("takes what a pinned key signed", () => {
    const d = ask(device(), V2, maker.state(about(V2)));
    expect(d.last).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0", errorCode: "" });
  });

  it.each(["A", "B"])("takes an image for several boards when it is one of them: %s", (hardware) => {
    const d = device({ ...TRUST, hardware });
    ask(d, V2, maker.state({ ...about(V2), hardware: ["A", "B"] }));
    expect(d.last.outcome).toBe("ok");
  });

  const good = maker.state(about(V2));
  const turned = Buffer.from(good.fwManifestSignature, "base64");
  turned[20]! ^= 1;
  const rows: [what: string, code: string, signed: Partial<SignedStatement> | object][] = [
    ["nothing", "SIGNATURE_MISSING", {}],
    ["a manifest alone", "SIGNATURE_MISSING", { ...good, fwManifestSignature: "" }],
    ["a signature alone", "SIGNATURE_MISSING", { ...good, fwManifest: "" }],
    ["a number for a signature", "SIGNATURE_MISSING", { ...good, fwManifestSignature: 7 }],
    [
      "a turned bit in the signature",
      "SIGNATURE_INVALID",
      { ...good, fwManifestSignature: turned.toString("base64") },
    ],
    ["a signature of no length", "SIGNATURE_INVALID", { ...good, fwManifestSignature: "AAAA" }],
    [
      "the signature of another manifest",
      "SIGNATURE_INVALID",
      { ...good, fwManifest: maker.state(about(V3)).fwManifest },
    ],
    [
      "a stranger's signature in the maker's name",
      "SIGNATURE_INVALID",
      stranger.state(about(V2), { keyId: maker.pinned.keyId }),
    ],
    [
      "one maker's signature in the other's name",
      "SIGNATURE_INVALID",
      successor.state(about(V2), { keyId: maker.pinned.keyId }),
    ],
    ["a stranger's signature", "KEY_UNKNOWN", stranger.state(about(V2))],
    ["text", "MANIFEST_INVALID", maker.sign("version 2.0.0")],
    [
      "an endless manifest",
      "MANIFEST_INVALID",
      maker.sign(JSON.stringify({ ...about(V2), note: "x".repeat(5000) })),
    ],
    [
      "a restriction it does not know",
      "MANIFEST_INVALID",
      maker.sign(good.fwManifest.replace("{", '{"batch":7,')),
    ],
    ["another spelling", "MANIFEST_INVALID", maker.sign(good.fwManifest.replace("{", "{ "))],
    ["a key twice", "MANIFEST_INVALID", maker.sign(good.fwManifest.replace("{", '{"size":1,'))],
    ["a floor above the version", "MANIFEST_INVALID", maker.state(about(V2), { floor: "2.0.1" })],
    ["another product", "PRODUCT_MISMATCH", maker.state(about(V2), { product: "boiler" })],
    ["another board", "HARDWARE_MISMATCH", maker.state(about(V2), { hardware: ["A", "C"] })],
    ["another version beside", "MANIFEST_DIFFERS", { ...good, fwVersion: "2.0.1" }],
    ["another digest beside", "MANIFEST_DIFFERS", { ...good, fwPackageCheckValue: digest("3") }],
    ["another size beside", "MANIFEST_DIFFERS", { ...good, fwPackageSize: 1001 }],
  ];
  it.each(rows)("given %s answers %s, after contact, and stays", (_, code, signed) => {
    const d = device();
    d.reports.length = 0;
    ask(d, V2, signed);
    expect(d.reports.map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
      ["contacted", ""],
      ["failed", code],
    ]);
    expect(d.last).toMatchObject({
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "error",
      pendingFwVersion: "",
    });
    expect(d.other).toBeUndefined();
  });

  it("believes a retired key about the versions before", () => {
    const keys = [{ ...maker.pinned, retiredFrom: "3.0.0" }, successor.pinned];
    const d = device({ ...TRUST, keys });
    expect(ask(d, V2, maker.state(about(V2))).last.outcome).toBe("ok");
    expect(ask(d, V3, maker.state(about(V3))).last).toMatchObject({
      outcome: "failed",
      errorCode: "KEY_RETIRED",
    });
    expect(ask(d, V3, successor.state(about(V3))).last).toMatchObject({
      outcome: "ok",
      currentFwVersion: "3.0.0",
    });
  });
});

describe("a device without pinned keys", () => {
  it.each([
    {},
    { fwManifest: "junk", fwManifestSignature: "junk" },
    maker.state(about(V2), { floor: "2.0.0" }),
  ])("does not look at the manifest: %#", (signed) => {
    const d = ask(device("none"), V2, signed);
    expect(d.last).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0" });
    expect(d.state.floor).toBeUndefined();
  });
});

describe("a device's floor", () => {
  const signed = (image: PaperImage, floor?: string): SignedStatement =>
    maker.state({ ...about(image), ...(floor === undefined ? {} : { floor }) });

  it("rises by a release that says so, when one from there up was completed before", () => {
    const d = ask(device(), V2, signed(V2));
    ask(d, V3, signed(V3, "2.0.0"));
    expect(d.state.floor).toBe("2.0.0");
    expect(ask(d, V1, signed(V1)).last).toMatchObject({
      outcome: "failed",
      errorCode: "BELOW_FLOOR",
      currentFwVersion: "3.0.0",
    });
    expect(ask(d, V2, signed(V2)).last).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0" });
  });

  it("does not rise over the version before: a release can be taken back from whoever took it", () => {
    const d = ask(device(), V2, signed(V2, "2.0.0"));
    expect(d.state.floor).toBeUndefined();
    expect(ask(d, V1, signed(V1)).last).toMatchObject({ outcome: "ok", currentFwVersion: "1.0.0" });
  });

  it("never sinks", () => {
    const d = ask(device(), V2, signed(V2));
    ask(d, V3, signed(V3, "2.0.0"));
    ask(d, V4, signed(V4, "1.0.0"));
    expect(d.state.floor).toBe("2.0.0");
  });

  it("does not rise by a release that failed", () => {
    const d = ask(device(), V2, signed(V2));
    d.fetchFails = "DIGEST_MISMATCH";
    expect(ask(d, V3, signed(V3, "2.0.0")).last.outcome).toBe("failed");
    expect(d.state.floor).toBeUndefined();
  });

  it("survives a power cut", () => {
    const d = ask(device(), V2, signed(V2));
    ask(d, V3, signed(V3, "2.0.0")).powerOn();
    d.settle();
    expect(ask(d, V1, signed(V1)).last.errorCode).toBe("BELOW_FLOOR");
  });
});

describe("pinned keys that cannot be used", () => {
  it.each<[string, Trust["keys"], string]>([
    ["none", [], "no key is pinned"],
    [
      "a wrong name",
      [{ ...maker.pinned, keyId: successor.pinned.keyId }],
      "pin the line of: wavegate keys new",
    ],
    ["no key", [{ keyId: maker.pinned.keyId, publicKey: "AAAA" }], "no Ed25519 public key"],
    ["a retirement that is no version", [{ ...maker.pinned, retiredFrom: "soon" }], "which is no version"],
  ])("are refused at start: %s", (_, keys, message) => {
    expect(() => {
      expectUsable({ ...TRUST, keys });
    }).toThrow(message);
  });
});
