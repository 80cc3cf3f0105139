import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { termsOf } from "../../../rollout/plan/condition-terms.ts";
import { holdsAllOf, widened } from "../../../rollout/plan/cover.ts";
import { MAX_CONDITION, productCondition } from "../../../rollout/plan/target-condition.ts";

const PRODUCT = productCondition("press");
const ALL = { product: "press" };
const SOME = { product: "press", where: "tags.hw = 'B' OR tags.hw = 'C'" };

describe("what an adopted baseline covers", () => {
  it.each([
    { name: "nobody yet", condition: "", exposed: "tags.a = 1", cover: ALL, after: "tags.a = 1" },
    {
      name: "others",
      condition: "tags.b = 1",
      exposed: "tags.a = 1",
      cover: ALL,
      after: "(tags.b = 1) OR (tags.a = 1)",
    },
    { name: "all devices of the hub", condition: "", exposed: "*", cover: ALL, after: PRODUCT },
    {
      name: "its own of them only",
      condition: "",
      exposed: "tags.a = 1",
      cover: SOME,
      after: "(tags.a = 1) AND (tags.hw = 'B' OR tags.hw = 'C')",
    },
    {
      name: "its own, where the rest would be too long to say",
      condition: "tags.b = 1",
      exposed: `tags.a = '${"x".repeat(MAX_CONDITION)}'`,
      cover: SOME,
      after: `${PRODUCT} AND (tags.hw = 'B' OR tags.hw = 'C')`,
    },
  ])("grows from $name", ({ condition, exposed, cover, after }) => {
    expect(widened(condition, exposed, cover)).toBe(after);
    expect(holdsAllOf(condition, exposed, cover)).toBe(false);
    // What was written is recognised: a stop does not write it for ever.
    expect(holdsAllOf(after, exposed, cover)).toBe(true);
    expect(() => compileTargetCondition(after)).not.toThrow();
  });

  it("knows each cohort that was added, whatever was added after it", () => {
    const [first, second, third] = ["tags.a = 1", "tags.b = ') OR ('", "tags.c = 1 OR tags.d = 1"] as const;
    const all = widened(widened(first, second, ALL), third, ALL);
    for (const cohort of [first, second, third]) expect(holdsAllOf(all, cohort, ALL)).toBe(true);
    for (const other of ["tags.d = 1", "tags.c = 1", "tags.a = 1) OR (tags.c = 1", ""])
      expect(holdsAllOf(all, other, ALL)).toBe(false);
  });
});

describe("the parts of a condition", () => {
  it.each([
    ["a = 1 AND b = 2", "AND", ["a = 1", "b = 2"]],
    ["(a = 1 AND b = 2) AND c = 'x AND y'", "AND", ["(a = 1 AND b = 2)", "c = 'x AND y'"]],
    ["a = 'it''s ( AND ' AND b = 2", "AND", ["a = 'it''s ( AND '", "b = 2"]],
    ["a = 1 OR b = 2 AND c = 3", "OR", ["a = 1", "b = 2 AND c = 3"]],
    ["", "OR", [""]],
  ] as const)("of %s by %s", (condition, word, parts) => {
    expect(termsOf(condition, word)).toEqual(parts);
  });

  test.prop([fc.array(fc.constantFrom("a", "(", ")", "'", " AND ", " OR ", "b = 1"))])(
    "are the whole of it",
    (words) => {
      expect(termsOf(words.join(""), "AND").join(" AND ")).toBe(words.join(""));
    },
  );
});
