import type iothub from "azure-iothub";
import { describe, expect, it } from "vitest";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";

type Query = ReturnType<iothub.Registry["createQuery"]>;

async function rows(query: Query): Promise<unknown[]> {
  const all: unknown[] = [];
  // next() without an argument starts from the first page again when it returns a promise.
  while (query.hasMoreResults) all.push(...((await query.next(query.continuationToken)).result as unknown[]));
  return all;
}

describe("queries over twins", () => {
  it("count, with a row even for none", async () => {
    await using fixture = await openHub();
    for (const site of ["a", "a", "b"])
      fixture.hub.createDevice({ deviceId: `d${Math.random()}`, tags: { site } });
    const count = (where: string): Promise<unknown[]> =>
      rows(fixture.registry.createQuery(`SELECT COUNT() AS n FROM devices WHERE ${where}`));
    expect(await count("tags.site = 'a'")).toEqual([{ n: 2 }]);
    expect(await count("tags.site = 'z'")).toEqual([{ n: 0 }]);
  });

  it("group by a path, devices without it in a group whose row lacks the key", async () => {
    await using fixture = await openHub();
    for (const [index, lot] of ["x", "y", "x", undefined, undefined].entries()) {
      fixture.hub.createDevice({ deviceId: `d${index}`, tags: lot === undefined ? {} : { lot } });
    }
    const query = fixture.registry.createQuery(
      "SELECT tags.lot AS lot, COUNT() AS n FROM devices GROUP BY tags.lot",
    );
    expect(await rows(query)).toEqual([{ lot: "x", n: 2 }, { lot: "y", n: 1 }, { n: 2 }]);
    expect(
      await rows(
        fixture.registry.createQuery(
          "SELECT tags.lot AS lot, COUNT() AS n FROM devices WHERE tags.lot = 'q' GROUP BY tags.lot",
        ),
      ),
    ).toEqual([]);
  });

  it("page whole twins by continuation, each once, none left out", async () => {
    await using fixture = await openHub();
    const ids = Array.from({ length: 23 }, (_, index) => `d${index}`);
    for (const deviceId of ids) fixture.hub.createDevice({ deviceId });
    const query = fixture.registry.createQuery("SELECT * FROM devices", 10);
    const pages: string[][] = [];
    while (query.hasMoreResults)
      pages.push((await query.nextAsTwin()).result.map(({ deviceId }) => deviceId));
    expect(pages.map((page) => page.length)).toEqual([10, 10, 3]);
    expect(pages.flat().toSorted()).toEqual(ids.toSorted());
  });

  it("end exactly at a full page and clamp pages to 100 rows", async () => {
    await using fixture = await openHub();
    for (let index = 0; index < 200; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    const query = fixture.registry.createQuery("SELECT deviceId FROM devices", 5000);
    const first = await query.next();
    const second = await query.next(query.continuationToken);
    // The SDK types rows as any.
    expect([
      (first.result as unknown[]).length,
      (second.result as unknown[]).length,
      query.hasMoreResults,
    ]).toEqual([100, 100, false]);
  });

  it("page through groups too", async () => {
    await using fixture = await openHub();
    for (let index = 0; index < 12; index++)
      fixture.hub.createDevice({ deviceId: `d${index}`, tags: { lot: index } });
    const query = fixture.registry.createQuery(
      "SELECT tags.lot AS lot, COUNT() AS n FROM devices GROUP BY tags.lot",
      5,
    );
    expect(await rows(query)).toHaveLength(12);
  });

  it("see the state of configurations, reported properties and connections", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    fixture.hub.evaluateNow();
    const where =
      "configurations.[[fw-1]].status = 'Applied' AND connectionState = 'Disconnected' AND lastActivityTime < '2020-01-01T00:00:00Z'";
    expect(
      await rows(fixture.registry.createQuery(`SELECT DeviceId, Status FROM devices WHERE ${where}`)),
    ).toEqual([{ deviceId: "d1", status: "enabled" }]);
  });

  it("stop after TOP rows, across pages", async () => {
    await using fixture = await openHub();
    for (let index = 0; index < 12; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    const query = fixture.registry.createQuery("SELECT TOP 7 deviceId FROM devices", 5);
    const first = await query.next();
    expect(first.result as unknown[]).toHaveLength(5); // the SDK types rows as any
    expect((await query.next(query.continuationToken)).result as unknown[]).toHaveLength(2);
    expect(query.hasMoreResults).toBe(false);
  });

  it("take means, sums and extremes of what devices report", async () => {
    await using fixture = await openHub();
    for (const [index, volts] of [3, 5, 4].entries())
      fixture.hub.createDevice({ deviceId: `d${index}`, tags: { volts, site: index === 1 ? "b" : "a" } });
    const query = fixture.registry.createQuery(
      "SELECT tags.site AS site, AVG(tags.volts) AS mean, MAX(tags.volts) AS most FROM devices WHERE tags.volts * 2 > 5 GROUP BY tags.site",
    );
    expect(await rows(query)).toEqual([
      { site: "a", mean: 3.5, most: 4 },
      { site: "b", mean: 5, most: 5 },
    ]);
  });

  it.each(["devices.modules", "devices.jobs"])(
    "find nothing in %s while there is none",
    async (collection) => {
      await using fixture = await openHub();
      fixture.hub.createDevice({ deviceId: "d1" });
      expect(await rows(fixture.registry.createQuery(`SELECT * FROM ${collection}`))).toEqual([]);
    },
  );

  it("take the hub's options, in queries, metrics and target conditions alike [G]", async () => {
    const missing = "NOT tags.site = 'a'";
    const prefix = "STARTS_WITH(tags.site, 'a')";
    const metrics = {
      queries: {
        missing: `SELECT deviceId FROM devices WHERE ${missing}`,
        groups: "SELECT tags.site, tags.lot, COUNT() AS n FROM devices GROUP BY tags.site, tags.lot",
      },
      results: {},
    };
    await using fixture = await openHub({ strictQuery: false, groupByKeys: "many", notOverMissing: "false" });
    for (const [index, tags] of [{ site: "a1" }, { site: "a", lot: 1 }, {}].entries())
      fixture.hub.createDevice({ deviceId: `d${index}`, tags });
    await fixture.registry.addConfiguration(aConfiguration("not", { targetCondition: missing, metrics }));
    await fixture.registry.addConfiguration(aConfiguration("prefix", { targetCondition: prefix }));
    fixture.hub.evaluateNow();
    const [not, starting] = await Promise.all(
      ["not", "prefix"].map(async (id) => (await fixture.registry.getConfiguration(id)).responseBody),
    );
    expect(not?.systemMetrics?.results?.["targetedCount"]).toBe(2);
    expect(not?.metrics?.results).toEqual({ missing: 2, groups: 3 });
    expect(starting?.systemMetrics?.results?.["targetedCount"]).toBe(2);
    expect(await rows(fixture.registry.createQuery(metrics.queries.missing))).toHaveLength(2);
    expect(await rows(fixture.registry.createQuery(metrics.queries.groups))).toHaveLength(3);

    await using strict = await openHub();
    for (const [index, query] of Object.values(metrics.queries).entries()) {
      const answer = strict.registry.addConfiguration(
        aConfiguration(`m${index}`, { metrics: { queries: { query }, results: {} } }),
      );
      if (index === 0) await answer;
      else expect(await refusal(answer)).toMatchObject({ code: "InvalidConfigurationCustomMetricsQuery" });
    }
    expect(
      await refusal(strict.registry.addConfiguration(aConfiguration("prefix", { targetCondition: prefix }))),
    ).toMatchObject({ code: "InvalidConfigurationTargetCondition" });
  });

  it.each([
    ["SELECT * FROM devices WHERE tags.a ==", "line 1, column 37"],
    ["SELECT * FROM devices\nWHERE tags.a = 'open", "line 2, column 16"],
    ["SELECT * FROM things", "Unknown collection things at line 1, column 15"],
    ["SELECT * FROM devices WHERE site = 'a'", "Unknown property site at line 1, column 29"],
    [
      "SELECT tags.a, tags.b, COUNT() AS n FROM devices GROUP BY tags.a, tags.b",
      "second GROUP BY key tags.b",
    ],
    ["SELECT tags.b, COUNT() AS n FROM devices GROUP BY tags.a", "tags.b at line 1, column 8"],
    [`SELECT * FROM devices WHERE ${"(".repeat(70)}tags.a = 1${")".repeat(70)}`, "Nested deeper"],
    [`SELECT * FROM devices WHERE tags.a = '${"x".repeat(8200)}'`, "the limit is 8192"],
  ])("refuse %j and name the place", async (text, place) => {
    await using fixture = await openHub();
    const refused = await refusal(fixture.registry.createQuery(text).next());
    expect(refused).toMatchObject({ status: 400, code: "ArgumentInvalid", kind: "ArgumentError" });
    expect(refused.message).toContain(place);
  });

  it("refuse a continuation that belongs to another query", async () => {
    await using fixture = await openHub();
    for (let index = 0; index < 3; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    const query = fixture.registry.createQuery("SELECT * FROM devices", 1);
    await query.next();
    const stolen = query.continuationToken;
    const other = fixture.registry.createQuery("SELECT deviceId FROM devices", 1);
    expect(await refusal(other.next(stolen))).toMatchObject({ status: 400, code: "ArgumentInvalid" });
  });
});
