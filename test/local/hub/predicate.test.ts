import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { twinDocument } from "../../../local/hub/device-documents.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../local/hub/json-value.ts";
import { TWINS } from "../../../local/hub/query/device-property.ts";
import { parseCondition, QuerySyntaxError } from "../../../local/hub/query/parser.ts";
import type { Truth } from "../../../local/hub/query/collection.ts";
import { mergeSection } from "../../../local/hub/twin-section.ts";
import { aDevice, truth } from "./query-device.ts";

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
    ["tags.n + 1 = 10", true],
    ["tags.n - 1 * 4 + 6 / 3 = 7", true],
    ["(tags.n - 1) * 2 % 5 = 1", true],
    ["tags.n-1 = 8", true],
    ["-tags.n < - 8 AND tags.n > -1.5e-3", true],
    ["1 + 1 = 0x2", true],
    ["10 > tags.n AND 9 <= tags.n AND 8 < tags.n", true],
    ["tags.n IN [-1, 9, 0x10]", true],
    ["tags.n NIN [1, 2]", true],
    ["tags.yes NIN [true]", false],
    ["tags.yes = (tags.n = 9)", true],
    ["tags.[[a-b]] = 1 AND tags.[[ a-b ]] = 1", true],
    ["IS_DEFINED(tags.list)", true],
    ["undefined = undefined OR null = null", true],
    ["tags.top = 1 OR tags.select = 1 OR tags.n = 9", true],
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
    "tags.p IN ['a', null]",
    "tags.s IN ['x', 1]",
    "tags.s NIN ['x', 1]",
    "tags.n IN ['9']",
    "tags.o IN ['x']",
    "tags.list IN [[1]]",
    "tags.list = [null, 1]",
    "tags.n / 0 = 1",
    "tags.n % 0 = 1",
    "tags.n + tags.p = 9",
    "tags.n + 'x' = '9x'",
    "tags.n + 1",
    "-tags.s = 1",
    "moduleId = 'm'",
    "statusReason != 'x'",
    "configurations.[[x]].status != 'Applied'",
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

  it("counts a comparison with a missing property as false under NOT, when the hub is told to [G]", () => {
    const options = { notOverMissing: "false" } as const;
    expect(truth("NOT tags.p = 1", device, options)).toBe(true);
    expect(truth("NOT (tags.p = 1 OR tags.s = 'a')", device, options)).toBe(true);
    expect(truth("NOT NOT tags.p = 1", device, options)).toBe(false);
    expect(truth("tags.s = 'b' NOT tags.n = '9'", device, options)).toBe(true);
    expect(truth("tags.p != 1", device, options)).not.toBe(true);
    expect(truth("tags.p NIN [1]", device, options)).not.toBe(true); // [facts 3.2, G]
  });

  it.each<[string, Truth]>([
    ["STARTS_WITH(tags.s, 'b')", true],
    ["ENDS_WITH(tags.o.in, 'y')", false],
    ["CONTAINS(deviceId, '1')", true],
    ["contains(tags.n, '9')", undefined],
    ["STARTS_WITH(tags.p, 'b')", undefined],
    ["IS_STRING(tags.s)", true],
    ["IS_NUMBER(tags.n + 1)", true],
    ["IS_NUMBER(tags.p)", false],
    ["IS_BOOL(tags.yes)", true],
    ["IS_NULL(tags.p)", false],
    ["IS_OBJECT(tags.o)", true],
    ["IS_OBJECT(tags.list)", false],
    ["IS_ARRAY(tags.list)", true],
    ["IS_PRIMITIVE(tags.n)", true],
    ["IS_PRIMITIVE(tags.list)", false],
  ])("%s is %s where the hub is not strict, and unknown where it is [G]", (condition, expected) => {
    expect(truth(condition, device, { strictQuery: false })).toBe(expected);
    expect(() => truth(condition, device)).toThrow(/Unknown function \w+ at line 1, column 1: .*IS_DEFINED/u);
  });
});

describe("a system property", () => {
  const device = {
    ...aDevice({ reported: { firmware: { version: "1.0" } } }),
    statusReason: "spare",
    moduleId: "m1",
    layering: { signature: "1", statuses: new Map([["fw-1", "Applied"]] as const), regions: [] },
  };
  const read = (path: string): JsonValue | undefined => {
    const expression = parseCondition(path);
    if (expression.kind !== "path") throw new Error(`${path} is no path`);
    return TWINS.property(expression).read(device);
  };

  it("is read under every name that the document of the twin has, as it stands there", () => {
    const at = (document: JsonObject, prefix: string): void => {
      for (const [name, value] of Object.entries(document)) {
        const path = `${prefix}.['${name}']`;
        expect([path, read(path.slice(1).replace(/^\['(\w+)'\]/u, "$1"))]).toEqual([path, value]);
        if (isJsonObject(value)) at(value, path);
      }
    };
    const written = mergeSection(device.desired, { a: { b: 1 }, c: [1] }, 5000);
    Object.assign(device, { desired: written });
    at(twinDocument(device), "");
  });

  it("has a case-insensitive name, and a canonical one in rows", () => {
    expect(truth("DEVICEID = 'd1' AND LastActivityTime < '2020-01-01'")).toBe(true);
    expect(truth("x509thumbprint.PrimaryThumbprint = null AND Capabilities.IOTEDGE = false")).toBe(true);
  });

  it("compares as an instant where it is a time", () => {
    expect(truth("statusUpdateTime < '2020-01-01T00:00:00Z'")).toBe(true);
    expect(truth("properties.reported.$metadata.$lastUpdated = '1970-01-01T01:00:00+01:00'")).toBe(true);
    expect(truth("properties.reported.$metadata.x.$lastUpdated = '1970-01-01T00:00:00Z'")).toBeUndefined();
    expect(truth("properties.reported.$metadata.$lastUpdated IN ['1970-01-01T01:00:00+01:00']")).toBe(true);
    expect(truth("'1970-01-01T00:00:00.000Z' NIN [1] AND properties.desired.$version = 1")).toBeUndefined();
  });

  it.each([
    "site",
    "properties.other",
    "tagsx.a",
    "status.x",
    "configurations.x.y",
    "properties.reported.$x",
    "properties.desired.$version.x",
    "connectionStateUpdatedTime",
    "constructor",
    "__proto__",
  ])("is refused by place when it is none: %s", (path) => {
    expect(() => truth(`IS_DEFINED(${path})`)).toThrow(QuerySyntaxError);
    expect(() => truth(`IS_DEFINED(${path})`)).toThrow(
      /^Unknown property .* at line 1, column 12: use deviceId,/u,
    );
  });
});
