import type { Dice } from "./dice.ts";

/** JSON texts that are put where others are expected. */
const HOSTILE: readonly [string, ...string[]] = [
  "null",
  ...["true", "false", "0", "-0", "-1", "1.5", "1e308", "1e999", "-1e999", "9007199254740993"],
  ...[
    "4503599627370496",
    '""',
    '" "',
    '"x"',
    '"*"',
    '"\\u0000"',
    '"\\ud800"',
    '"../.."',
    '"a/b"',
    "[]",
    "{}",
  ],
  ...['"SELECT * FROM devices"', '"2026-01-01T00:00:00Z"', '"PT1H"', '"sas"', '"enabled"', "[null]", "[[]]"],
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"hasOwnProperty":null,"valueOf":"x","toJSON":"y","length":-1,"then":true}',
  '{"$version":-1,"$metadata":null,"a.b":1,"":2}',
  JSON.stringify("x".repeat(5000)),
  JSON.stringify(";".repeat(300)),
  `"${"é€😀".repeat(500)}"`,
  `${"[".repeat(60)}${"]".repeat(60)}`,
  `${'{"a":'.repeat(60)}1${"}".repeat(60)}`,
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  `[${Array.from({ length: 2000 }, () => "{}").join(",")}]`,
  `{${Array.from({ length: 2000 }, (_, index) => `"k${index}":${index}`).join(",")}}`,
];

/** Names that are put where others are expected. */
const NAMES: readonly [string, ...string[]] = [
  "__proto__",
  ...["constructor", "toString", "$version", "", "a.b", "\u0000", "x".repeat(1500)],
];

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How many places of a value can be mutated: itself and everything in it. */
export function countNodes(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, item) => sum + countNodes(item), 1);
}

/** The JSON text of a value with something hostile in place of, beside or instead of its n-th node. */
export function mutated(value: unknown, node: number, dice: Dice): string {
  let at = -1;
  const write = (part: Json): string => {
    at += 1;
    if (at === node && dice.chance(0.8)) return dice.pick(HOSTILE);
    const isHere = at === node;
    if (Array.isArray(part)) {
      const items = part as readonly Json[]; // Array.isArray makes them any
      return `[${[...items, ...(isHere ? items : [])].map(write).join(",")}]`;
    }
    if (typeof part !== "object" || part === null) return isHere ? dice.pick(HOSTILE) : JSON.stringify(part);
    const members = Object.entries(part).map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`);
    if (!isHere) return `{${members.join(",")}}`;
    const name = JSON.stringify(dice.pick(NAMES));
    if (dice.chance(0.3)) members.splice(dice.below(members.length + 1), 1);
    // Also the same name twice.
    members.push(`${name}:${dice.pick(HOSTILE)}`, ...(dice.chance(0.3) ? members.slice(0, 1) : []));
    return `{${members.join(",")}}`;
  };
  return write(value as Json); // a literal of a test
}

/** A text as bytes that are damaged on their way, or not. */
export function damaged(text: string, dice: Dice): Buffer {
  const bytes = Buffer.from(text);
  const at = dice.below(bytes.length + 1);
  switch (dice.below(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), dice.bytes(1 + dice.below(8)), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([Buffer.from("\ufeff"), bytes]);
    case 3:
      return Buffer.concat([bytes, Buffer.from([0x1f, 0x8b, 0x08, 0x00])]);
    case 4: {
      const bit = 1 << dice.below(8);
      return bytes.map((byte, index) => (index === at ? byte ^ bit : byte)) as Buffer; // of a buffer, a buffer
    }
    default:
      return bytes;
  }
}
