import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../rollout/model/digest.ts";
import { isSecret, secret } from "../../../rollout/model/secret.ts";

describe("a secret", () => {
  it("is given out when asked for, and shown nowhere else", () => {
    const key = secret("sig=abc");
    expect(key.reveal()).toBe("sig=abc");
    const shown = [
      String(key),
      inspect({ key }),
      inspect(key),
      JSON.stringify({ key }),
      canonicalJson({ key }),
    ];
    for (const text of shown) {
      expect(text).toContain("***");
      expect(text).not.toContain("abc");
    }
    expect(inspect(key, { customInspect: false, showHidden: true, depth: 9 })).not.toContain("abc");
  });

  it("is told from what only looks like text", () => {
    expect(isSecret(secret(""))).toBe(true);
    for (const value of ["sig=abc", null, undefined, { reveal: "abc" }]) expect(isSecret(value)).toBe(false);
  });
});
