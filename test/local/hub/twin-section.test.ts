import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../local/hub/json-value.ts";
import {
  emptySection,
  mergeSection,
  replaceSection,
  sectionDocument,
} from "../../../local/hub/twin-section.ts";

const key = fc.constantFrom("a", "b", "constructor", "toString");
const { object } = fc.letrec<{ json: JsonValue; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.array(fc.integer(), { maxLength: 2 }),
    tie("object"),
  ),
  object: fc.dictionary(key, tie("json"), { noNullPrototype: true, maxKeys: 3 }),
}));

/** MergePatch of RFC 7396, section 2, as its pseudocode reads. */
function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result = new Map<string, JsonValue>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, mergePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

describe("a section of a twin", () => {
  it("merges patches as RFC 7396 says, one version a write", () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 4 }), (patches) => {
        const section = patches.reduce(
          (before, patch, index) => mergeSection(before, patch, index),
          emptySection(0),
        );
        expect(section.value).toEqual(patches.reduce<JsonValue>(mergePatch, {}));
        expect(section.version).toBe(1 + patches.length);
      }),
    );
  });

  it("has metadata for exactly the properties it holds", () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 4 }), (patches) => {
        const section = patches.reduce(
          (before, patch, index) => mergeSection(before, patch, index),
          emptySection(0),
        );
        const document = sectionDocument(section, "reported");
        expect(names(document["$metadata"])).toEqual(names(section.value));
      }),
    );
  });

  it("forgets what a replacement does not name", () => {
    const section = replaceSection(
      mergeSection(emptySection(0), { a: 1, b: { c: 2 } }, 1),
      { b: { d: 3, e: null } },
      2,
    );
    expect(section).toMatchObject({ value: { b: { d: 3 } }, version: 3 });
    expect(section.value).not.toHaveProperty("a");
    expect(names(sectionDocument(section, "desired")["$metadata"])).toEqual([".b", ".b.d"]);
  });
});

function names(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value)
    .filter(([name]) => !name.startsWith("$"))
    .flatMap(([name, item]) => [`${path}.${name}`, ...names(item, `${path}.${name}`)])
    .toSorted();
}
