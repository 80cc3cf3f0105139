import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { twinDocument } from "../../../local/hub/device-documents.ts";
import type { JsonObject, JsonValue } from "../../../local/hub/json-value.ts";
import { aDevice, truth } from "./query-device.ts";

// The compiler against a second reading of [facts 3.2], as plain as can be: a tree walked anew for every device, over
// the document that the service API shows, with AND, OR and NOT as tables.

type Value = JsonValue | undefined;
type Tree =
  | { readonly is: "path"; readonly names: readonly string[] }
  | { readonly is: "constant"; readonly value: Value }
  | { readonly is: "negative"; readonly of: Tree }
  | {
      readonly is: "arithmetic" | "comparison";
      readonly sign: string;
      readonly left: Tree;
      readonly right: Tree;
    }
  | { readonly is: "member"; readonly sign: string; readonly of: Tree; readonly list: readonly Value[] }
  | { readonly is: "logic"; readonly sign: string; readonly terms: readonly Tree[] }
  | { readonly is: "not" | "defined"; readonly of: Tree };

/** The tree as a person would write it, every part in parentheses. */
function write(tree: Tree): string {
  switch (tree.is) {
    case "path":
      return tree.names.join(".");
    case "constant":
      return writeConstant(tree.value);
    case "negative":
      return `-${write(tree.of)}`;
    case "arithmetic":
    case "comparison":
      return `(${write(tree.left)} ${tree.sign} ${write(tree.right)})`;
    case "logic":
      return `(${tree.terms.map(write).join(` ${tree.sign} `)})`;
    case "member":
      return `(${write(tree.of)} ${tree.sign} [${tree.list.map(writeConstant).join(", ")}])`;
    case "not":
      return `(NOT ${write(tree.of)})`;
    case "defined":
      return `IS_DEFINED(${write(tree.of)})`;
  }
}

function writeConstant(value: Value): string {
  return typeof value === "string"
    ? `'${value.replaceAll("'", "''")}'`
    : value === undefined
      ? "undefined"
      : JSON.stringify(value);
}

interface Meaning {
  readonly document: JsonObject;
  readonly notOverMissing: "undefined" | "false";
}

function interpret(tree: Tree, meaning: Meaning): Value {
  const of = (part: Tree): Value => interpret(part, meaning);
  switch (tree.is) {
    case "path":
      return lookUp(meaning.document, tree.names);
    case "constant":
      return tree.value;
    case "negative":
      return numberOr(of(tree.of), (value) => 0 - value);
    case "arithmetic": {
      const right = of(tree.right);
      return numberOr(of(tree.left), (left) =>
        typeof right === "number" ? arithmetic(tree.sign, left, right) : NaN,
      );
    }
    case "comparison":
      return comparison(tree.sign, of(tree.left), of(tree.right));
    case "logic": {
      const decisive = tree.sign === "OR";
      const terms = tree.terms.map((term) => truthOf(of(term)));
      if (terms.includes(decisive)) return decisive;
      return terms.includes(undefined) ? undefined : !decisive;
    }
    case "member": {
      const equal = tree.list.map((item) => comparison("=", of(tree.of), item));
      const found = equal.includes(true) ? true : equal.includes(undefined) ? undefined : false;
      return tree.sign === "IN" || found === undefined ? found : !found;
    }
    case "not": {
      const inner = truthOf(of(tree.of)) ?? (meaning.notOverMissing === "false" ? false : undefined);
      return inner === undefined ? undefined : !inner;
    }
    case "defined":
      return of(tree.of) !== undefined;
  }
}

function lookUp(document: JsonObject, names: readonly string[]): Value {
  let value: Value = document;
  for (const name of names) {
    const entries: [string, JsonValue][] =
      typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    value = entries.find(([key]) => key === name)?.[1];
  }
  return value;
}

function truthOf(value: Value): boolean | undefined {
  return value === true ? true : value === false ? false : undefined;
}

function numberOr(value: Value, calculate: (value: number) => number): number | undefined {
  const result = typeof value === "number" ? calculate(value) : NaN;
  return Number.isFinite(result) ? result : undefined;
}

function arithmetic(sign: string, left: number, right: number): number {
  if (sign === "+") return left + right;
  if (sign === "-") return left - right;
  if (sign === "*") return left * right;
  return sign === "/" ? left / right : left % right;
}

function comparison(sign: string, left: Value, right: Value): boolean | undefined {
  const kinds = [left, right].map((value) => (value === null ? "null" : typeof value));
  if (kinds[0] !== kinds[1] || kinds[0] === "undefined" || kinds[0] === "object") return undefined;
  const order = left === right ? 0 : left! < right! ? -1 : 1;
  if (sign === "=") return order === 0;
  if (sign === "!=" || sign === "<>") return order !== 0;
  if (sign === "<") return order < 0;
  if (sign === "<=") return order <= 0;
  return sign === ">" ? order > 0 : order >= 0;
}

const scalar = fc.oneof(
  fc.constantFrom<JsonValue[]>("a", "b", "it's", "", "1", 0, 1, 2, -1.5, true, false, null),
  fc.integer({ min: -3, max: 3 }),
);
const NAMES = ["a", "b", "constructor", "length"];
const json = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, tie("object"), fc.array(scalar, { maxLength: 2 })),
  object: fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
}));
const twin = fc.record({ tags: json.object, reported: json.object, desired: json.object });

const path = fc
  .tuple(
    fc.constantFrom(["tags"], ["tags"], ["properties", "reported"], ["properties", "desired"]),
    fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 }),
  )
  .map(([root, names]): Tree => ({ is: "path", names: [...root, ...names] }));
const system = fc
  .constantFrom(
    "deviceId",
    "moduleId",
    "status",
    "version",
    "capabilities.iotEdge",
    "properties.desired.$version",
  )
  .map((names): Tree => ({ is: "path", names: names.split(".") }));
const constant = fc.oneof(scalar, fc.constant(undefined)).map((value): Tree => ({ is: "constant", value }));
const anyPath = fc.oneof({ weight: 4, arbitrary: path }, system);
const { condition } = fc.letrec<{ operand: Tree; condition: Tree }>((tie) => ({
  operand: fc.oneof(
    { depthSize: "small" },
    anyPath,
    constant,
    fc.record({ is: fc.constant("negative" as const), of: anyPath }),
    fc.record({
      is: fc.constant("arithmetic" as const),
      sign: fc.constantFrom("+", "-", "*", "/", "%"),
      left: tie("operand"),
      right: tie("operand"),
    }),
    tie("condition"),
  ),
  condition: fc.oneof(
    { depthSize: "medium" },
    fc.record({
      is: fc.constant("comparison" as const),
      sign: fc.constantFrom("=", "!=", "<>", "<", "<=", ">", ">="),
      left: tie("operand"),
      right: tie("operand"),
    }),
    fc.record({
      is: fc.constant("member" as const),
      sign: fc.constantFrom("IN", "NIN"),
      of: tie("operand"),
      list: fc.array(fc.oneof(scalar, fc.constant(undefined)), { maxLength: 3 }),
    }),
    fc.record({ is: fc.constant("defined" as const), of: anyPath }),
    anyPath,
    fc.record({ is: fc.constant("not" as const), of: tie("condition") }),
    fc.record({
      is: fc.constant("logic" as const),
      sign: fc.constantFrom("AND", "OR"),
      terms: fc.array(tie("condition"), { minLength: 2, maxLength: 4 }),
    }),
  ),
}));

describe("a compiled condition", () => {
  test.prop(
    [
      condition,
      fc.array(twin, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("undefined" as const, "false" as const),
    ],
    { numRuns: 3000 },
  )(
    "says of any twin what the plain reading says, under either meaning of NOT",
    (tree, twins, notOverMissing) => {
      const text = write(tree);
      for (const parts of twins) {
        const device = aDevice(parts);
        const expected = truthOf(interpret(tree, { document: twinDocument(device), notOverMissing }));
        expect({ text, says: truth(text, device, { notOverMissing }) }).toEqual({ text, says: expected });
      }
    },
  );

  // Every operator against every kind of value, since chance alone would miss some pair.
  const values: readonly Value[] = ["a", "b", 1, 2, true, false, null, undefined];
  const signs = ["=", "!=", "<>", "<", "<=", ">", ">="];
  test.each(signs)("compares any two values by %s as the plain reading does", (sign) => {
    for (const one of values) {
      for (const other of values) {
        const device = aDevice({
          tags: { ...(one !== undefined && { one }), ...(other !== undefined && { other }) },
        });
        const expected = comparison(sign, one, other);
        for (const [left, right] of [
          ["tags.one", "tags.other"],
          ["tags.one", writeConstant(other)],
          [writeConstant(one), "tags.other"],
          [writeConstant(one), writeConstant(other)],
        ]) {
          const text = `${left} ${sign} ${right}`;
          expect({ text, says: truth(text, device) }).toEqual({ text, says: expected });
        }
      }
    }
  });
});
