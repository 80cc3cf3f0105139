import { describe, expect, it } from "vitest";
import type { Device } from "../../../local/hub/device.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import type { QueryOptions } from "../../../local/hub/query/query-options.ts";
import { compileAnyQuery, compileQuery } from "../../../local/hub/query/query.ts";
import { aDevice } from "./query-device.ts";

const FLEET: readonly Device[] = [
  { lot: "x", n: 1 },
  { lot: "y", n: 5, at: "b" },
  { lot: "x", n: 2.5, at: "a" },
  { n: "text" },
  { lot: null, n: true },
  { lot: { of: 1 } },
  { lot: { of: 1 }, n: -4 },
].map((tags, index) => aDevice({ id: `d${index + 1}`, sequence: index + 1, tags }));

/** All rows of a query, page by page. */
function rows(text: string, options: QueryOptions = {}, size = 100): readonly JsonObject[] {
  const query = compileQuery(text, options);
  const all: JsonObject[] = [];
  let start: { from: number; given: number } | undefined = { from: 0, given: 0 };
  while (start !== undefined) {
    const page = query.page(FLEET, { ...start, size });
    all.push(...page.rows);
    start = page.next === undefined ? undefined : { from: page.next, given: page.given };
  }
  const counter = query.rowCounter();
  for (const device of FLEET) counter.show(device);
  expect(counter.rows()).toBe(all.length); // a metric is the number of rows [facts 1.8]
  return all;
}

describe("a query", () => {
  it.each<[string, readonly JsonObject[]]>([
    ["SELECT deviceId FROM devices WHERE tags.lot = 'y'", [{ deviceId: "d2" }]],
    ["select DEVICEID from DEVICES where tags.lot = 'y'", [{ deviceId: "d2" }]],
    ["SELECT TOP 2 deviceId AS id FROM devices", [{ id: "d1" }, { id: "d2" }]],
    ["SELECT deviceId, tags.n AS count FROM devices WHERE tags.lot = 'y'", [{ deviceId: "d2", count: 5 }]],
    ["SELECT tags.[[at]] FROM devices WHERE tags.lot = 'x'", [{}, { at: "a" }]],
    [
      "SELECT tags.at AS __proto__ FROM devices WHERE tags.lot = 'y'",
      [JSON.parse('{"__proto__":"b"}') as JsonObject],
    ],
    ["SELECT COUNT() AS n FROM devices", [{ n: 7 }]],
    ["SELECT count() FROM devices WHERE tags.lot = 'none'", [{ $1: 0 }]],
    [
      "SELECT AVG(tags.n) AS mean, SUM(tags.n) AS sum, MIN(tags.n) AS least, MAX(tags.n) AS most FROM devices",
      [{ mean: 1.125, sum: 4.5, least: -4, most: 5 }],
    ],
    [
      "SELECT MIN(tags.at) AS first, MAX(tags.at), AVG(tags.at), COUNT() FROM devices",
      [{ first: "a", $1: "b", $3: 7 }],
    ],
    ["SELECT SUM(tags.n) FROM devices WHERE tags.lot = 'none'", [{}]],
    [
      "SELECT tags.lot AS lot, COUNT() AS n, SUM(tags.n) AS sum FROM devices GROUP BY tags.lot",
      [
        { lot: "x", n: 2, sum: 3.5 },
        { lot: "y", n: 1, sum: 5 },
        { n: 1 },
        { lot: null, n: 1 },
        { lot: { of: 1 }, n: 2, sum: -4 },
      ],
    ],
    [
      "SELECT TOP 2 tags.lot, COUNT() AS n FROM devices GROUP BY tags.lot",
      [
        { lot: "x", n: 2 },
        { lot: "y", n: 1 },
      ],
    ],
    ["SELECT Status FROM devices GROUP BY status", [{ status: "enabled" }]],
    ["SELECT COUNT() AS n /* of */ FROM\r\ndevices GROUP BY tags.none", [{ n: 7 }]],
  ])("%s gives its rows, on pages of any size", (text, expected) => {
    expect(rows(text)).toEqual(expected);
    expect(rows(text, {}, 1)).toEqual(expected);
  });

  it("takes several GROUP BY keys when the hub is told to [G]", () => {
    const text = "SELECT tags.lot, tags.at AS at, COUNT() AS n FROM devices GROUP BY tags.lot, tags.at";
    expect(rows(text, { groupByKeys: "many" })).toEqual([
      { lot: "x", n: 1 },
      { lot: "y", at: "b", n: 1 },
      { lot: "x", at: "a", n: 1 },
      { n: 1 },
      { lot: null, n: 1 },
      { lot: { of: 1 }, n: 2 },
    ]);
    expect(() => rows(text)).toThrow("Unexpected second GROUP BY key tags.at at line 1, column 78");
  });

  it("sees modules as rows of their own collection", () => {
    const query = compileQuery("SELECT deviceId, moduleId FROM devices.modules WHERE moduleId != '$edgeHub'");
    const modules = ["$edgeAgent", "$edgeHub"].map((moduleId) => ({ ...aDevice(), moduleId }));
    expect(query.collection).toBe("devices.modules");
    expect(query.page(modules, { from: 0, size: 9 }).rows).toEqual([
      { deviceId: "d1", moduleId: "$edgeAgent" },
    ]);
  });

  it("tells which parts of a device decide on its rows, and whether one device is a row", () => {
    const reads = (text: string): readonly string[] => [...compileQuery(text).reads].toSorted();
    expect(reads("SELECT * FROM devices")).toEqual([]);
    expect(reads("SELECT tags.a FROM devices WHERE deviceId = 'd1'")).toEqual([]);
    expect(reads("SELECT COUNT() FROM devices WHERE status = 'enabled' OR tags.a + tags.b > 2")).toEqual([
      "system",
      "tags",
    ]);
    expect(
      reads(
        "SELECT properties.reported.a, COUNT() FROM devices WHERE NOT IS_DEFINED(configurations.[[x]].status) GROUP BY properties.reported.a",
      ),
    ).toEqual(["configurations", "reported"]);
    expect(
      reads("SELECT * FROM devices WHERE properties.desired.$metadata.$lastUpdated > '2020-01-01'"),
    ).toEqual(["desired"]);
    expect([...compileTargetCondition("deviceId = 'd1' AND tags.a = 1").reads]).toEqual(["tags"]);
    expect(compileTargetCondition("*").reads.size).toBe(0);

    const matches = (text: string): readonly (boolean | undefined)[] =>
      FLEET.slice(0, 3).map((device) => compileQuery(text).matches?.(device));
    expect(matches("SELECT deviceId FROM devices WHERE tags.lot = 'x'")).toEqual([true, false, true]);
    expect(matches("SELECT * FROM devices WHERE tags.at != 'a'")).toEqual([false, true, false]);
    for (const text of ["TOP 2 *", "COUNT()"])
      expect(compileQuery(`SELECT ${text} FROM devices`).matches).toBeUndefined();
  });

  it.each([
    [
      "SELECT * FROM things",
      "Unknown collection things at line 1, column 15: the hub has devices, devices.modules and devices.jobs",
    ],
    ["SELECT * FROM devices.job", "Unknown collection devices.job at line 1, column 15"],
    ["SELECT * FROM devices.jobs", "Misplaced collection devices.jobs at line 1, column 15"],
    ["SELECT TOP 0 * FROM devices", "TOP 0 at line 1, column 12: expected a whole number from 1"],
    ["SELECT TOP 1.5 * FROM devices", "TOP 1.5 at line 1, column 12"],
    [
      "SELECT MEAN(tags.n) FROM devices",
      "Unknown aggregate MEAN at line 1, column 8: the hub has COUNT, AVG, SUM, MIN, MAX",
    ],
    ["SELECT AVG() FROM devices", "Nothing in AVG() at line 1, column 8"],
    ["SELECT COUNT(tags.n) FROM devices", "Unexpected property in COUNT at line 1, column 14"],
    ["SELECT COUNT(*) FROM devices", 'Unexpected "*" at line 1, column 14: expected )'],
    ["SELECT * FROM devices WHERE COUNT() = 1", "Misplaced aggregate COUNT at line 1, column 29"],
    ["SELECT * FROM devices WHERE IS_DEFINED('a')", "Misused IS_DEFINED at line 1, column 29"],
    ["SELECT * FROM devices WHERE IS_DEFINED()", "0 operands of IS_DEFINED at line 1, column 29: expected 1"],
    [
      "SELECT * FROM devices WHERE LOWER(tags.a) = 'x'",
      "Unknown function LOWER at line 1, column 29: the hub has IS_DEFINED",
    ],
    ["SELECT tags.a, COUNT() FROM devices", "tags.a at line 1, column 8: it stands beside groups"],
    ["SELECT * FROM devices GROUP BY tags.a", "SELECT * cannot be grouped at line 1, column 32"],
    ["SELECT", "Unexpected end of the text at line 1, column 7: expected *"],
    ["SELECT *", "Unexpected end of the text at line 1, column 9: expected FROM"],
    [
      "SELECT * FROM devices GROPU BY tags.a",
      'Unexpected "GROPU" at line 1, column 23: expected WHERE, GROUP BY or the end',
    ],
    ["SELECT * FROM devices WHERE", "Unexpected end of the text at line 1, column 28: expected "],
    [
      "SELECT * FROM devices WHERE tags.a = 1 2",
      'Unexpected "2" at line 1, column 40: expected an operator, GROUP BY or the end',
    ],
    ["SELECT * FROM devices WHERE tags.a IN ('x')", 'Unexpected "(" at line 1, column 39: expected ['],
    ["SELECT * FROM devices WHERE tags.5 = 1", "line 1, column 33"],
    [
      "SELECT * FROM devices\nWHERE tags.a = 'open",
      `Unexpected "'" at line 2, column 16: expected the quote's end`,
    ],
    ["SELECT * FROM devices WHERE [[x]] = 1", "at line 1, column 31: expected ]"],
    [
      `SELECT * FROM devices WHERE ${"NOT ".repeat(65)}tags.a`,
      "Nested deeper than 64 levels at line 1, column 285",
    ],
    [`SELECT * FROM devices WHERE ${"NOT (".repeat(33)}tags.a`, "Nested deeper than 64 levels"],
    [`SELECT * FROM devices WHERE tags.a = ${"-".repeat(65)}1`, "Nested deeper than 64 levels"],
    [`SELECT * FROM devices WHERE tags.a = ${"[".repeat(65)}`, "Nested deeper than 64 levels"],
    [
      `SELECT * FROM devices WHERE tags.a IN [${"1,".repeat(2001)}1]`,
      "More than 2000 items in lists at line 1, column 4041",
    ],
    [
      `SELECT * FROM devices WHERE tags.a = '${"x".repeat(8200)}'`,
      "at line 1, column 8193: the limit is 8192",
    ],
  ])("%s is refused with the place and what would do", (text, message) => {
    expect(() => compileQuery(text)).toThrow(message);
  });

  it("takes what is long but flat, and as deep as the limit", () => {
    expect(rows(`SELECT deviceId FROM devices WHERE ${"tags.q=1 OR ".repeat(600)}tags.lot='y'`)).toHaveLength(
      1,
    );
    expect(rows(`SELECT deviceId FROM devices WHERE tags.n = 0${"+1-1".repeat(1500)}+5`)).toHaveLength(1);
    expect(
      rows(`SELECT deviceId FROM devices WHERE ${"(".repeat(64)}tags.n=5${")".repeat(64)}`),
    ).toHaveLength(1);
    const ids = Array.from({ length: 900 }, (_, index) => `'d${index}'`).join();
    expect(rows(`SELECT deviceId FROM devices WHERE deviceId IN [${ids}]`)).toHaveLength(7);
  });
});

describe("a query over devices.jobs", () => {
  const JOBS: readonly JsonObject[] = ["completed", "failed", "completed"].map((status, index) => ({
    deviceId: `d${index}`,
    jobId: "j1",
    jobType: "scheduleDeviceMethod",
    status,
    startTimeUtc: `2026-01-0${index + 1}T00:00:00.0000000Z`,
    outcome: { deviceMethodResponse: { status: 200 + index } },
  }));
  const ids = (where: string, size = 100): readonly unknown[] => {
    const query = compileAnyQuery(`SELECT * FROM devices.jobs ${where}`);
    if (query.collection !== "devices.jobs") throw new Error("not a query over jobs");
    expect(query.itemType).toBe("DeviceJob");
    const { rows: found, next, given } = query.page(JOBS, { from: 0, size });
    const more = next === undefined ? [] : query.page(JOBS, { from: next, given, size: 100 }).rows;
    return [...found, ...more].map(({ deviceId }) => deviceId);
  };

  it.each([
    ["", ["d0", "d1", "d2"]],
    ["WHERE status = 'completed'", ["d0", "d2"]],
    ["WHERE devices.jobs.status = 'completed' AND devices.jobs.JobId = 'j1'", ["d0", "d2"]],
    ["WHERE startTimeUtc > '2026-01-01T12:00:00Z'", ["d1", "d2"]],
    ["WHERE endTimeUtc > '2026-01-01'", []],
    ["WHERE outcome.deviceMethodResponse.status >= 201", ["d1", "d2"]],
  ])("with %j gives whole jobs, on pages of any size", (where, expected) => {
    expect(ids(where)).toEqual(expected);
    expect(ids(where, 1)).toEqual(expected);
  });

  it.each([
    ["SELECT deviceId FROM devices.jobs", "at line 1, column 8: of devices.jobs only SELECT * can be asked"],
    ["SELECT COUNT() FROM devices.jobs", "at line 1, column 8"],
    ["SELECT * FROM devices.jobs GROUP BY status", "at line 1, column 37"],
    [
      "SELECT * FROM devices.jobs WHERE tags.a = 1",
      "Unknown property tags.a at line 1, column 34: a row of devices.jobs has deviceId, jobId,",
    ],
    ["SELECT * FROM devices.jobs WHERE devices.jobs = 1", "Unknown property devices.jobs"],
    ["SELECT * FROM devices.jobs WHERE status.x = 1", "Unknown property status.x"],
  ])("refuses %s", (text, message) => {
    expect(() => compileAnyQuery(text)).toThrow(message);
  });
});
