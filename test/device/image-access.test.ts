import { fc, it as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { imageAccess } from "../../device/image-access.ts";
import { digest } from "./paper-device.ts";

const SHA256 = digest("a");
const { signal } = new AbortController();

describe("the keys a device was given", () => {
  it("are found by the image's digest, and gone with the section", () => {
    const access = imageAccess();
    expect(access.keyOf(SHA256)).toBeUndefined();
    access.hear({ [SHA256]: "sp=r&sig=a%2Fb%3D", [digest("b")]: "sp=r&sig=c" });
    expect(access.keyOf(SHA256)).toBe("sp=r&sig=a%2Fb%3D");
    access.hear(null);
    expect(access.keyOf(SHA256)).toBeUndefined();
  });

  it.each([
    ["a number", 1],
    ["an object", { sig: "a" }],
    ["null", null],
    ["nothing", ""],
    ["a text that would end the query", "sig=a#b"],
    ["a text with a line break", "sig=a\r\nHost: other"],
    ["a text longer than a key", "s".repeat(2049)],
  ])("are none where the twin holds %s", (_, key) => {
    const access = imageAccess();
    access.hear({ [SHA256]: key });
    expect(access.keyOf(SHA256)).toBeUndefined();
  });

  property.prop([fc.anything({ withNullPrototype: true }), fc.string()])(
    "are none, and no trouble, whatever else stands in the twin",
    (section, name) => {
      const access = imageAccess();
      access.hear(section);
      expect(access.keyOf(name) ?? "a").toMatch(/^[A-Za-z0-9%&=._~:+/-]+$/);
      expect(access.keyOf("constructor") ?? "a").toBeTypeOf("string");
    },
  );

  it("are waited for until one is there, whatever else changes meanwhile", async () => {
    const access = imageAccess();
    const waited = access.until(() => access.keyOf(SHA256) === "sig=2", signal);
    access.hear({ [SHA256]: "sig=1" });
    await Promise.resolve();
    access.hear({ [SHA256]: "sig=2" });
    await waited;
    await access.until(() => true, signal);
  });

  it("are not waited for any longer once the download is given up", async () => {
    const abort = new AbortController();
    const waited = imageAccess().until(() => false, abort.signal);
    abort.abort();
    await expect(waited).rejects.toThrow("the waiting was given up");
    await expect(imageAccess().until(() => true, abort.signal)).rejects.toThrow();
  });
});
