import { describe, expect, it } from "vitest";
import { parseFleet } from "../../../rollout/model/fleet.ts";
import { anArtifact, aSignedArtifact } from "../../support/declarations.ts";

const artifact = anArtifact("1.0.0");
const one = { version: "1.0.0", artifact };

function adopted(adopt: unknown): readonly (string | undefined)[] {
  const { fleet, problems } = parseFleet({ products: { press: { adopt } } }, "fleet.ts");
  if (fleet === undefined) return problems.map(({ path, summary }) => `${path}: ${summary}`);
  return fleet.products["press"]?.adopt.map(({ version, where }) => `${version} ${where ?? "-"}`) ?? [];
}

describe("what a product adopts", () => {
  it.each([
    ["nothing", undefined, []],
    ["one baseline", one, ["1.0.0 -"]],
    ["one in a list", [one], ["1.0.0 -"]],
    [
      "several, the one without a condition first: the others stand above it",
      [{ ...one, version: "0.9.0", where: "tags.hw = 'B'" }, one, { ...one, where: "tags.hw = 'C'" }],
      ["1.0.0 -", "0.9.0 tags.hw = 'B'", "1.0.0 tags.hw = 'C'"],
    ],
  ])("may be %s", (_, adopt, expected) => {
    expect(adopted(adopt)).toEqual(expected);
  });

  it("may be signed, for that product and version", () => {
    const signed = (product: string, version: string): object => ({
      ...one,
      artifact: aSignedArtifact("1.0.0", { product, version }),
    });
    expect(adopted(signed("press", "1.0.0"))).toEqual(["1.0.0 -"]);
    expect(adopted(signed("boiler", "1.0.0"))).toEqual([
      expect.stringContaining("devices refuse it: product is press, and the manifest says boiler"),
    ]);
    expect(adopted(signed("press", "1.0.1"))).toEqual([
      expect.stringContaining("devices refuse it: version is 1.0.0, and the manifest says 1.0.1"),
    ]);
  });

  it.each<[string, object, string]>([
    ["a signature alone", { signature: "AA==" }, "stand together"],
    ["a manifest that is none", { manifest: "{}", signature: "AA==" }, "devices refuse it: product"],
  ])("may not have %s", (_, change, told) => {
    expect(adopted({ ...one, artifact: { ...artifact, ...change } })).toEqual([
      expect.stringContaining(told),
    ]);
  });

  it.each([
    ["two without a condition", [one, one], /adopt\[1\]: only one adopted baseline can be without `where`/],
    [
      "two with the same condition",
      [
        { ...one, where: "tags.a = 1" },
        { ...one, where: "tags.a = 1" },
      ],
      /adopt\[1\]: another adopted baseline has the same `where`/,
    ],
    ["a version that is none", { ...one, version: "one" }, /adopt\[0\]\.version: a semantic version/],
    ["a misspelt key", [{ ...one, wher: "tags.a = 1" }], /"wher" is no setting known here/],
    ["an empty condition", { ...one, where: "" }, /adopt\[0\]\.where/],
  ])("is refused with %s", (_, adopt, expected) => {
    expect(adopted(adopt)).toEqual([expect.stringMatching(expected)]);
  });
});
