import { describe, expect, it } from "vitest";
import { stampNeed, stampPatch, tagsWithBucket } from "../../../rollout/model/twin-contract.ts";

describe("stampNeed", () => {
  it.each([
    [{ product: "x" }, "needed"],
    [{ product: "x", rollout: {} }, "needed"],
    [{ product: "x", rollout: { ring: "canary" } }, "needed"],
    [{ product: "x", rollout: { bucket: null } }, "needed"],
    [{ product: "x", rollout: { bucket: 0 } }, "stamped"],
    [{ product: "x", rollout: { bucket: 999_999 } }, "stamped"],
    [{ product: "x", rollout: { bucket: 1_000_000 } }, "malformed"],
    [{ product: "x", rollout: { bucket: -1 } }, "malformed"],
    [{ product: "x", rollout: { bucket: "17" } }, "malformed"],
    [{ product: "x", rollout: { bucket: { a: 1 } } }, "malformed"],
    // A merge patch would put an object in the place of these.
    [{ product: "x", rollout: "canary" }, "malformed"],
    [{ product: "x", rollout: [] }, "malformed"],
    [{ product: "y" }, "elsewhere"],
    [{}, "elsewhere"],
    [undefined, "elsewhere"],
    ["x", "elsewhere"],
  ])("of %j is %s", (tags, kind) => {
    expect(stampNeed(tags, "x").kind).toBe(kind);
  });
});

describe("the tags that an import is given", () => {
  it("are all the device has, with the bucket", () => {
    const tags = { product: "x", site: { a: 1 }, rollout: { ring: "canary" } };
    expect(tagsWithBucket(tags, 7)).toEqual({
      product: "x",
      site: { a: 1 },
      rollout: { ring: "canary", bucket: 7 },
    });
    expect(tags.rollout).toEqual({ ring: "canary" });
    expect(stampPatch(7)).toEqual({ tags: { rollout: { bucket: 7 } } });
  });
});
