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
});
