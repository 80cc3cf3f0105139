import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { Device } from "../../../local/hub/device.ts";
import { ServiceError } from "../../../local/hub/service-error.ts";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { QuerySyntaxError } from "../../../local/hub/query/parser.ts";
import { compileAnyQuery } from "../../../local/hub/query/query.ts";
import { aDevice } from "./query-device.ts";

const DEVICE: Device = aDevice({ tags: { a: "x", b: { c: 1 } }, reported: { a: [1] } });
/** Longest that any text of the longest length may take, on a machine busy with other tests. */
const MOST_MS = 2000;

/** Compile and run; whatever is refused is refused with a place. */
function take(text: string, options: { strictQuery: boolean } = { strictQuery: true }): void {
  const started = performance.now();
  try {
    const query = compileAnyQuery(text, { ...options, groupByKeys: "many" });
    if (query.collection === "devices.jobs") query.page([{ deviceId: "d1" }], { from: 0, size: 1 });
    else query.page([DEVICE], { from: 0, size: 1 });
  } catch (error) {
    expect(error).toBeInstanceOf(QuerySyntaxError);
    expect((error as Error).message).toMatch(/at line \d+, column \d+/u);
  }
  expect(performance.now() - started).toBeLessThan(MOST_MS);
}

const WORDS = [
  ..."SELECT FROM WHERE GROUP BY AS TOP AND OR NOT IN NIN COUNT() SUM( IS_DEFINED( STARTS_WITH(".split(" "),
  ..."tags.a tags.b.c deviceId devices devices.jobs devices.modules properties.reported properties".split(
    " ",
  ),
  ..."= != < * + - / % . , ( ) [ ] [[ ]] [[x]] .[[x]] ['x'] 'x' \"y\" ' \" 1 0x1F 1e999 -1 null undefined true".split(
    " ",
  ),
  ..."/* */ \n \r\n é \u0000 \ud800 ; __proto__ constructor $ $metadata tags.__proto__".split(" "),
];
const word = fc.constantFrom(...WORDS);
const words = fc.array(word, { maxLength: 30 });
const spaced = fc.tuple(words, fc.constantFrom(" ", "")).map(([parts, space]) => parts.join(space));

describe("a query text", () => {
  test.prop([fc.oneof(spaced, fc.string({ unit: "binary", maxLength: 200 })), fc.boolean()], {
    numRuns: 3000,
  })("compiles or is refused with a place, whatever it is", (text, strictQuery) => {
    take(text, { strictQuery });
    take(`SELECT * FROM devices WHERE ${text}`, { strictQuery });
    take(`SELECT ${text} FROM devices`, { strictQuery });
  });

  test.prop([words, fc.integer({ min: 100, max: 8192 })], { numRuns: 150 })(
    "takes bounded time however long it repeats itself",
    (parts, length) => {
      const unit = `${parts.join(" ")} `;
      take(`SELECT * FROM devices WHERE ${unit.repeat(Math.ceil(length / unit.length)).slice(0, length)}`);
    },
  );

  it.each([
    "(",
    "[",
    "NOT ",
    "-",
    "- ",
    "NOT(",
    "NOT(-",
    "((",
    "'",
    '"',
    "/*",
    "/* */",
    "''",
    "[[",
    ".[[x]]",
    "tags.",
    "a.",
    "1+",
    "1-",
    "1*-",
    "tags.a=1 OR ",
    "tags.a=1 AND NOT ",
    "IS_DEFINED(",
    "1=1 NOT ",
    "[1,",
    "tags.a IN [",
    "\n",
    "\r",
    "tags.a ",
    "0x",
    "1e",
    ".",
    "$",
    "é",
  ])("of %j again and again, up to the limit and far beyond, takes bounded time", (unit) => {
    for (const length of [8160, 1_000_000]) {
      take(`SELECT * FROM devices WHERE ${unit.repeat(length / unit.length)}`);
      take(unit.repeat(length / unit.length));
    }
  });
});

describe("the text of a target condition", () => {
  test.prop([spaced], { numRuns: 1500 })(
    "compiles or is refused as the service refuses, whatever it is",
    (text) => {
      try {
        compileTargetCondition(text).isTarget(DEVICE);
      } catch (error) {
        expect(error).toBeInstanceOf(ServiceError);
        expect((error as ServiceError).code).toMatch(
          /^(InvalidConfigurationTargetCondition|NotImplemented)$/u,
        );
      }
    },
  );
});
