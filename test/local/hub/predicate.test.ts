import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registeredDevice, type Device } from "../../../local/hub/device.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";
import { parseCondition, QuerySyntaxError } from "../../../local/hub/query/parser.ts";
import { compilePredicate, type Truth } from "../../../local/hub/query/predicate.ts";

function aDevice(parts: { tags?: JsonObject; reported?: JsonObject; desired?: JsonObject } = {}): Device {
  const device = registeredDevice({ deviceId: "d1", tags: parts.tags ?? {} }, { sequence: 1, at: 0 });
  return {
    ...device,
    reported: { ...device.reported, value: parts.reported ?? {} },
    desired: { ...device.desired, value: parts.desired ?? {} },
  };
}

function truth(condition: string, device: Device = aDevice()): Truth {
  return compilePredicate(parseCondition(condition))(device);
}

describe("a condition", () => {
  const device = aDevice({
    tags: { s: "b", n: 9, yes: true, o: { in: "x" }, list: [null, 1], "a-b": 1, constructorless: 1 },
    reported: { firmware: { version: "1.0" } },
    desired: { interval: 30 },
  });

  it.each<[string, Truth]>([
    ["tags.s = 'b'", true],
    ["tags.s != 'a'", true],
    ["tags.s <> 'b'", false],
    ["tags.s > 'a' AND tags.s <= 'b'", true],
    ["tags.n >= 9 and tags.n < 9.5", true],
    ["tags.n = 0x9", true],
    ["tags.n > -1e3", true],
    ["tags.yes", true],
    ["tags.yes = true", true],
    ["NOT tags.yes", false],
    ["tags.o.in = 'x'", true],
    ["tags.['a-b'] = 1", true],
    ["tags['a-b'] = 1", true],
    ['tags.s = "b"', true],
    ["'b' = tags.s", true],
    ["tags.n = properties.desired.interval", false],
    ["properties.reported.firmware.version = '1.0'", true],
    ["properties.reported.$version = 1", true],
    ["tags.s IN ['a', 'b']", true],
    ["tags.s NIN ['a', 'b']", false],
    ["tags.s IN []", false],
    ["IS_DEFINED(tags.o)", true],
    ["is_defined(tags.p)", false],
    ["NOT IS_DEFINED(tags.p)", true],
    ["IS_DEFINED(tags.constructor)", false],
    ["IS_DEFINED(tags.list.length)", false],
    ["tags.s = 'b' /* why */ AND\n deviceId = 'd1'", true],
    ["tags.s = 'b' NOT deviceId = 'd2'", true],
    ["tags.s = 'x' AND tags.s = 'y' OR tags.n = 9", true],
    ["tags.s = 'b' AND (tags.s = 'y' OR tags.n = 9)", true],
    ["connectionState = 'Disconnected' AND status = 'enabled'", true],
  ])("%s is %s", (condition, expected) => {
    expect(truth(condition, device)).toBe(expected);
  });

  it.each([
    "tags.p = 1",
    "tags.p != 1",
    "NOT tags.p = 1",
    "NOT (tags.p = 1 OR tags.s = 'a')",
    "tags.p = null",
    "tags.p = undefined",
    "tags.n = '9'",
    "tags.n != '9'",
    "tags.o = 'x'",
    "tags.list = 1",
    "tags.s.t = 1",
    "tags.constructor != 'x'",
    "tags.p IN ['a']",
    "tags.p NIN ['a']",
    "tags.s",
    "lastActivityTime > 'yesterday'",
  ])("%s is undefined, which keeps nobody and stays under NOT", (condition) => {
    expect(truth(condition, device)).toBeUndefined();
    expect(truth(`NOT (${condition})`, device)).toBeUndefined();
  });

  it("takes AND and OR after Kleene: what decides alone decides", () => {
    expect(truth("tags.p = 1 OR tags.n = 9", device)).toBe(true);
    expect(truth("tags.p = 1 OR tags.n = 8", device)).toBeUndefined();
    expect(truth("tags.p = 1 AND tags.n = 8", device)).toBe(false);
    expect(truth("tags.p = 1 AND tags.n = 9", device)).toBeUndefined();
  });

  it("compares the time of the last activity as an instant", () => {
    const seen = { ...aDevice(), lastActivityAt: Date.UTC(2026, 5, 1, 12) };
    expect(truth("lastActivityTime >= '2026-06-01T12:00:00Z'", seen)).toBe(true);
    expect(truth("lastActivityTime = '2026-06-01T14:00:00+02:00'", seen)).toBe(true);
    expect(truth("lastActivityTime < '2026-01-01'", aDevice())).toBe(true);
  });

  it("agrees with De Morgan on any combination", () => {
    const leaf = fc.constantFrom(
      "tags.n = 9",
      "tags.n = 8",
      "tags.p = 1",
      "IS_DEFINED(tags.p)",
      "tags.yes",
      "tags.s",
    );
    fc.assert(
      fc.property(leaf, leaf, leaf, (a, b, c) => {
        expect(truth(`NOT (${a} AND ${b} OR ${c})`, device)).toBe(
          truth(`(NOT ${a} OR NOT ${b}) AND NOT ${c}`, device),
        );
      }),
    );
  });

  it("is parsed or refused with a place, whatever the text", () => {
    const word = fc.constantFrom(
      "tags.a",
      "=",
      "!=",
      "'x'",
      "'",
      "(",
      ")",
      "NOT",
      "AND",
      "OR",
      "IN",
      "[",
      "]",
      "1",
      "-",
      ".",
      "IS_DEFINED",
      "null",
      "[[x]]",
      "deviceId",
      "\n",
      "/*",
      "é",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          parseCondition(words.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(QuerySyntaxError);
          expect((error as Error).message).toMatch(/line \d+, column \d+|end of the text/u);
        }
      }),
      { numRuns: 500 },
    );
  });
});
