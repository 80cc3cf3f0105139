import type iothub from "azure-iothub";
import { expect } from "vitest";
import { refusal } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import { aConfiguration } from "./a-configuration.ts";

async function allRows(query: ReturnType<iothub.Registry["createQuery"]>): Promise<unknown[]> {
  const all: unknown[] = [];
  // next() without an argument starts from the first page again when it returns a promise.
  while (query.hasMoreResults) all.push(...((await query.next(query.continuationToken)).result as unknown[]));
  return all;
}

/** Rows of a query, once the hub shows them; their order is not specified. */
async function gives(
  hub: HubUnderTest,
  text: string,
  expected: readonly unknown[],
  size?: number,
): Promise<void> {
  const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();
  await hub.eventually(async () => {
    expect(sorted(await allRows(hub.registry.createQuery(text, size)))).toEqual(sorted(expected));
  });
}

const READINGS = [
  { lot: "x", n: 1, odd: true },
  { lot: "y", n: 5, odd: true, at: "it's" },
  { lot: "x", n: 2.5, odd: false },
  { n: "text" },
  {},
];

/** Conditions, and the index of each reading that meets them. */
const CONDITIONS: readonly (readonly [string, readonly number[]])[] = [
  ["tags.lot = 'x'", [0, 2]],
  ['tags.lot = "x"', [0, 2]],
  ["tags.lot <> 'x'", [1]],
  ["tags.n > 1", [1, 2]],
  ["tags.n >= 2.5 AND tags.n < 5", [2]],
  ["tags.n <= 1 OR tags.lot = 'y'", [0, 1]],
  ["tags.odd = true", [0, 1]],
  ["tags.lot = 'x' AND NOT tags.odd = true", [2]],
  ["(tags.lot = 'y' OR tags.n = 1) AND tags.odd = true", [0, 1]],
  ["tags.lot IN ['x', 'y']", [0, 1, 2]],
  ["tags.n = '1'", []],
  ["tags.LOT = 'x'", []],
  ["IS_DEFINED(tags.n)", [0, 1, 2, 3]],
  ["NOT IS_DEFINED(tags.lot) AND IS_DEFINED(tags.n)", [3]],
  ["tags.at = 'it''s'", [1]],
  ["tags.[[lot]] = 'x'", [0, 2]],
  ["tags.n + 1 = 2", [0]],
];

/** The same where no source says what Azure does. */
const UNKNOWN: readonly (readonly [string, readonly number[]])[] = [
  ["tags.n != 1", [1, 2]],
  ["NOT tags.n = 1", [1, 2]],
  ["tags.n NIN [1, 5]", [2]],
];

describeArea("queries", (it) => {
  for (const [conditions, mark] of [
    [CONDITIONS, " [facts 3.2]"],
    [UNKNOWN, " [G]"],
  ] as const) {
    for (const [condition, met] of conditions) {
      it(`keep the devices of which "${condition}" is true${mark}`, async (hub) => {
        const { ids, where } = await theReadings(hub);
        const text = `SELECT deviceId FROM devices WHERE ${where} AND (${condition})`;
        await gives(
          hub,
          text,
          met.map((index) => ({ deviceId: ids[index] })),
        );
      });
    }
  }

  it("know system properties by any case, and answer with the documented one", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const text = `SELECT DEVICEID, ConnectionState, Status FROM devices WHERE ${where} AND LastActivityTime < '2020-01-01T00:00:00Z'`;
    await gives(hub, text, [{ deviceId: ids[0], connectionState: "Disconnected", status: "enabled" }]);
  });

  it("project a path to its alias, and a missing one to no key", async (hub) => {
    const { where } = await hub.newFlock({ a: { b: 1 } }, {});
    await gives(hub, `SELECT tags.a.b AS b FROM devices WHERE ${where}`, [{ b: 1 }, {}]);
  });

  it("project a path without alias to its last segment [G]", async (hub) => {
    const { where } = await hub.newFlock({ a: { b: 1 } });
    await gives(hub, `SELECT tags.a.b FROM devices WHERE ${where}`, [{ b: 1 }]);
  });

  it("count, with a row even for none", async (hub) => {
    const { where } = await theReadings(hub);
    await gives(hub, `SELECT COUNT() AS n FROM devices WHERE ${where}`, [{ n: 5 }]);
    await gives(hub, `SELECT COUNT() AS n FROM devices WHERE ${where} AND tags.n = 77`, [{ n: 0 }]);
  });

  it("take sums, means and extremes of numbers", async (hub) => {
    const { where } = await hub.newFlock({ n: 1 }, { n: 5 }, { n: 3 });
    await gives(
      hub,
      `SELECT AVG(tags.n) AS mean, SUM(tags.n) AS sum, MIN(tags.n) AS least, MAX(tags.n) AS most FROM devices WHERE ${where}`,
      [{ mean: 3, sum: 9, least: 1, most: 5 }],
    );
  });

  it("group by a path", async (hub) => {
    const { where } = await hub.newFlock({ lot: "x" }, { lot: "y" }, { lot: "x" });
    await gives(hub, `SELECT tags.lot AS lot, COUNT() AS n FROM devices WHERE ${where} GROUP BY tags.lot`, [
      { lot: "x", n: 2 },
      { lot: "y", n: 1 },
    ]);
  });

  it("put devices without the key in a group whose row lacks it [G]", async (hub) => {
    const { where } = await hub.newFlock({ lot: "x" }, {}, {});
    const text = `SELECT tags.lot AS lot, COUNT() AS n FROM devices WHERE ${where} GROUP BY tags.lot`;
    await gives(hub, text, [{ lot: "x", n: 1 }, { n: 2 }]);
  });

  it("see desired and reported properties, and the states of configurations", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const [deviceId = ""] = ids;
    const id = hub.newConfigurationId();
    await hub.registry.updateTwin(deviceId, { properties: { desired: { a: { b: 1 } } } }, "*");
    await using device = await hub.connect(deviceId);
    await device.report({ up: true });
    await hub.registry.addConfiguration(aConfiguration(id, { targetCondition: where }));
    const condition = `properties.desired.a.b = 1 AND properties.reported.up = true AND configurations.[[${id}]].status = 'Applied'`;
    await hub.evaluated(async () => {
      const query = hub.registry.createQuery(`SELECT deviceId FROM devices WHERE ${where} AND ${condition}`);
      expect(await allRows(query)).toEqual([{ deviceId }]);
    });
  });

  it("answer whole twins as items of type Twin, on pages of the size that is asked for [facts 3.1]", async (hub) => {
    const { ids, where } = await theReadings(hub);
    await hub.eventually(async () => {
      const query = hub.registry.createQuery(`SELECT * FROM devices WHERE ${where}`, 2);
      const pages: string[][] = [];
      while (query.hasMoreResults)
        pages.push((await query.nextAsTwin()).result.map(({ deviceId }) => deviceId));
      expect(pages.flat().toSorted()).toEqual(ids.toSorted());
      expect(Math.max(...pages.map(({ length }) => length))).toBe(2);
    });
    const body = { query: `SELECT * FROM devices WHERE ${where}` };
    const { headers } = await hub.ask("POST /devices/query", { body });
    expect(headers["x-ms-item-type"]?.toString().toLowerCase()).toBe("twin");
    expect(headers["content-type"]).toMatch(/^application\/json/u);
  });

  it("answer projections as items of type Raw, and no continuation on the last page", async (hub) => {
    const { where } = await hub.newFlock({});
    const body = { query: `SELECT deviceId FROM devices WHERE ${where}` };
    const { headers } = await hub.ask("POST /devices/query", { body });
    expect(headers["x-ms-item-type"]?.toString().toLowerCase()).toBe("raw");
    expect(headers["x-ms-continuation"]).toBeUndefined();
  });

  it("go on by a continuation, each row once", async (hub) => {
    const { where } = await theReadings(hub);
    const text = `SELECT tags.lot AS lot, COUNT() AS n FROM devices WHERE ${where} AND IS_DEFINED(tags.odd) GROUP BY tags.lot`;
    const expected = [
      { lot: "x", n: 2 },
      { lot: "y", n: 1 },
    ];
    await gives(hub, text, expected, 1);
  });

  it("stop after TOP rows", async (hub) => {
    const { where } = await theReadings(hub);
    await hub.eventually(async () => {
      const query = hub.registry.createQuery(`SELECT TOP 2 deviceId FROM devices WHERE ${where}`);
      expect(await allRows(query)).toHaveLength(2);
    });
  });

  it(
    "have pages of 100 rows at most",
    { needs: "local", because: "101 devices are many on a free hub" },
    async (hub) => {
      const devices = Array.from({ length: 60 }, () => ({ deviceId: hub.newId() }));
      const others = Array.from({ length: 60 }, () => ({ deviceId: hub.newId() }));
      await hub.registry.addDevices(devices);
      await hub.registry.addDevices(others);
      const query = hub.registry.createQuery("SELECT deviceId FROM devices", 5000);
      expect((await query.next()).result).toHaveLength(100);
    },
  );

  it("refuse a continuation of another query [G]", async (hub) => {
    const { where } = await hub.newFlock({}, {});
    let stolen = "";
    await hub.eventually(async () => {
      const query = hub.registry.createQuery(`SELECT * FROM devices WHERE ${where}`, 1);
      await query.next();
      expect(query.continuationToken).toBeDefined();
      stolen = query.continuationToken;
    });
    const other = hub.registry.createQuery("SELECT deviceId FROM devices", 1);
    expect(await refusal(other.next(stolen))).toMatchObject({ status: 400 });
  });

  for (const text of [
    "SELECT * FROM devices WHERE tags.a ==",
    "SELECT * FROM devices WHERE tags.a = 'open",
    "SELECT * FROM things",
    "SELECT",
    `SELECT * FROM devices WHERE tags.a = '${"x".repeat(8200)}'`,
  ]) {
    it(`refuse ${JSON.stringify(text.slice(0, 60))} as an argument [facts 3.2]`, async (hub) => {
      expect(await refusal(hub.registry.createQuery(text).next())).toMatchObject({
        status: 400,
        code: "ArgumentInvalid",
        kind: "ArgumentError",
      });
    });
  }

  for (const text of [
    "SELECT * FROM devices WHERE STARTS_WITH(tags.lot, 'x')",
    "SELECT tags.a, tags.b, COUNT() AS n FROM devices GROUP BY tags.a, tags.b",
    "SELECT TOP 0 deviceId FROM devices",
    "SELECT * FROM devices WHERE nosuchproperty = 'a'",
  ]) {
    it(`refuse ${JSON.stringify(text)} [G]`, async (hub) => {
      expect(await refusal(hub.registry.createQuery(text).next())).toMatchObject({ status: 400 });
    });
  }
});

const known = new WeakMap<HubUnderTest, Promise<{ ids: readonly string[]; where: string }>>();

/** One flock for the conditions: they only read it. */
function theReadings(hub: HubUnderTest): Promise<{ ids: readonly string[]; where: string }> {
  const flock = known.get(hub) ?? hub.newFlock(...READINGS);
  known.set(hub, flock);
  return flock;
}
