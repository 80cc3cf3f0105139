import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patchBetween } from "../../../local/hub/desired-path.ts";
import type { JsonObject, JsonValue } from "../../../local/hub/json-value.ts";
import { layerConfigurations, relayer, type Layer } from "../../../local/hub/layering.ts";
import { mergeValues } from "../../../local/hub/twin-section.ts";

let generation = 0;

function aLayer(id: string, content: Readonly<Record<string, JsonValue>>): Layer {
  const assignments = Object.entries(content).map(([path, value]) => ({ path: path.split("."), value }));
  return { id, generation: ++generation, assignments };
}

function laidOn(desired: JsonObject, ...layers: readonly Layer[]): JsonObject {
  return relayer(desired, { from: undefined, to: layerConfigurations(layers), isKept: () => false });
}

describe("configurations laid over one another", () => {
  it("coexist on different paths", () => {
    const layers = [aLayer("high", { a: 1 }), aLayer("low", { b: { c: 2 } })];
    expect(laidOn({}, ...layers)).toEqual({ a: 1, b: { c: 2 } });
    expect(Object.fromEntries(layerConfigurations(layers).statuses)).toEqual({
      high: "Applied",
      low: "Applied",
    });
  });

  it("assign, not merge, at a path", () => {
    expect(
      laidOn({ a: { old: 1 } }, aLayer("high", { a: { x: 1 } }), aLayer("low", { a: { y: 2 } })),
    ).toEqual({ a: { x: 1 } });
  });

  it("share a region when the higher path lies within the lower", () => {
    const layers = [aLayer("high", { "a.x": 9 }), aLayer("low", { a: { x: 1, y: 2 } })];
    expect(laidOn({}, ...layers)).toEqual({ a: { x: 9, y: 2 } });
    expect(Object.fromEntries(layerConfigurations(layers).statuses)).toEqual({
      high: "Applied",
      low: "Applied",
    });
  });

  it("target only, where no leaf of theirs survives", () => {
    const layers = [aLayer("high", { a: { z: 0 } }), aLayer("low", { "a.x": 1 })];
    expect(laidOn({}, ...layers)).toEqual({ a: { z: 0 } });
    expect(Object.fromEntries(layerConfigurations(layers).statuses)).toEqual({
      high: "Applied",
      low: "Targeted",
    });
  });

  it("take a property away by null", () => {
    expect(laidOn({ a: 1, b: 2 }, aLayer("c", { a: null }))).toEqual({ b: 2 });
    expect(laidOn({ b: 2 }, aLayer("c", { "x.y": null }))).toEqual({ b: 2 });
  });

  it("pass from a region to one within it without leaving the rest behind", () => {
    const wide = layerConfigurations([aLayer("wide", { a: { x: 1, y: 2 } })]);
    const narrow = layerConfigurations([aLayer("narrow", { "a.x": 5 })]);
    expect(relayer({ a: { x: 1, y: 2 } }, { from: wide, to: narrow, isKept: () => false })).toEqual({
      a: { x: 5 },
    });
    expect(relayer({ a: { x: 5 } }, { from: narrow, to: wide, isKept: () => false })).toEqual({
      a: { x: 1, y: 2 },
    });
  });

  it("leave alone what they hold already when another one joins", () => {
    const one = aLayer("one", { a: 1 });
    const from = layerConfigurations([one]);
    const to = layerConfigurations([aLayer("other", { b: 2 }), one]);
    expect(relayer({ a: "edited by hand" }, { from, to, isKept: () => false })).toEqual({
      a: "edited by hand",
      b: 2,
    });
  });

  const name = fc.constantFrom("a", "b", "c");
  const value = fc.letrec<{ json: JsonValue; object: JsonObject }>((tie) => ({
    json: fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 3 }), fc.constantFrom("x", "y"), tie("object")),
    object: fc.dictionary(name, tie("json"), { noNullPrototype: true, maxKeys: 3 }),
  }));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("."));
  const content = fc.dictionary(path, value.json, { minKeys: 1, maxKeys: 1, noNullPrototype: true });

  it("never touch a property outside their paths, and give back the twin when they leave", () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), value.object, (contents, others) => {
        const mine: JsonObject = { untouched: others };
        const layering = layerConfigurations(contents.map((each, index) => aLayer(`c${index}`, each)));
        const laid = relayer(mine, { from: undefined, to: layering, isKept: () => false });
        expect(laid["untouched"]).toEqual(others);
        const highest = Object.entries(contents[0] ?? {})[0];
        expect(
          highest?.[0].split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], laid),
        ).toEqual(highest?.[1]);
        const left = relayer(laid, { from: layering, to: undefined, isKept: () => false });
        expect(leaves(left)).toEqual(leaves(mine));
      }),
    );
  });

  it("reach a device as the merge patch between before and after", () => {
    fc.assert(
      fc.property(value.object, value.object, (before, after) => {
        const patch = patchBetween(before, after);
        expect(patch === undefined ? before : mergeValues(before, patch)).toEqual(after);
        expect(patch === undefined).toBe(JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)));
      }),
    );
  });
});

/** All paths with a value that is no object; empty objects on the way to a removed property do not count. */
function leaves(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}=${JSON.stringify(value)}`];
  return Object.entries(value)
    .flatMap(([key, item]) => leaves(item, `${path}.${key}`))
    .toSorted();
}

function sorted(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([key, item]: [string, JsonValue]) => [key, sorted(item)]),
  );
}
