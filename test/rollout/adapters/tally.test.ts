import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { folderRecords } from "../../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../../rollout/adapters/registry.ts";
import { tallyDevices, type CountRow } from "../../../rollout/adapters/tally-devices.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { tallyQuery } from "../../../rollout/plan/queries.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { aFleet, imagesOf } from "../../support/declarations.ts";
import { openDevice } from "../../support/device-client.ts";
import { PRODUCT } from "../reconcile/in-canary.ts";

const ATTEMPT = attemptId("thermostat", "1.1.0", 1);
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(groupByKeys: "one" | "many"): Promise<{ hub: LocalHub; port: HubPort }> {
  // What is counted here is calls: nothing has to wait for the throttle.
  const hub = await startHub({ groupByKeys, throttle: "off" });
  cleanups.push(() => hub.close());
  return { hub, port: portOf(hub) };
}

function portOf(hub: LocalHub, groupByKeys?: 1 | 2): HubPort {
  const registry = connectRegistry({
    kind: "connection string",
    connectionString: hub.serviceConnectionString,
    ca: hub.caPem,
  });
  const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() };
  return iotHub({ name: "test", registry, clock, tier: "S3", units: 10, groupByKeys });
}

async function report(
  hub: LocalHub,
  deviceId: string,
  stratum: string,
  firmware: Readonly<Record<string, unknown>>,
): Promise<void> {
  const connectionString = hub.createDevice({
    deviceId,
    tags: { product: "thermostat", ...(stratum === "" ? {} : { rollout: { stratum } }) },
  });
  await using device = await openDevice({ connectionString, ca: hub.caPem, listens: false });
  await device.report({ firmware: { rolloutId: ATTEMPT, contactedAt: 1_000, ...firmware } });
}

describe.each(["one", "many"] as const)(
  "devices by stratum and outcome, on a hub of groupByKeys %s",
  (keys) => {
    it("are counted the same, those without a stratum under other, those with nothing to do not at all", async () => {
      const { hub, port } = await open(keys);
      await report(hub, "d1", "A", { outcome: "ok" });
      await report(hub, "d2", "A", { outcome: "failed" });
      await report(hub, "d3", "constructor", { outcome: "contacted" });
      await report(hub, "d4", "", { outcome: "ok" });
      await report(hub, "d5", "A", { outcome: "ok-already" });
      await report(hub, "d6", "__proto__", { outcome: "failed" });
      await report(hub, "d7", "*", { outcome: "failed" });
      const query = tallyQuery({ product: "thermostat", attempt: ATTEMPT, since: 1_000_000 });
      expect(await port.tally(query)).toEqual({
        A: { ok: 1, failed: 1, contacted: 0 },
        constructor: { ok: 0, failed: 0, contacted: 1 },
        other: { ok: 1, failed: 2, contacted: 0 },
      });
      const later = tallyQuery({ product: "thermostat", attempt: ATTEMPT, since: 1_001_000 });
      expect(await port.tally(later)).toEqual({});
    });
  },
);

describe("one look at a release under way, counted by the hub", () => {
  it.each([
    ["many", 2, 0],
    ["one", 6, 1],
  ] as const)(
    "costs, where it takes %s GROUP BY keys, one listing and %i queries, and %i to find that out once a process",
    async (keys, queries, probes) => {
      const { hub, port } = await open(keys);
      for (const { deviceId, stratum = "", ring } of aFleet(24)) {
        hub.createDevice({
          deviceId,
          tags: {
            product: "thermostat",
            rollout: { stratum, bucket: bucketOf(deviceId), ...(ring === undefined ? {} : { ring }) },
          },
        });
      }
      await report(hub, "reporter", "A", { currentFwVersion: "1.0.0", bucket: 1 });
      const folder = await mkdtemp(join(tmpdir(), "records-"));
      cleanups.push(() => rm(folder, { recursive: true, force: true }));
      const images = imagesOf("1.0.0", "1.1.0");
      const ports = {
        hubs: [port],
        records: folderRecords(folder),
        images: {
          base: "https://images.test",
          describe: (path: string) => Promise.resolve(images.get(path)),
        },
        clock: { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() },
      };
      const look = async (through = port): Promise<{ total: number; queries: number; refused: number }> => {
        const before = hub.calls();
        const { steps, problems } = await reconcile(
          PRODUCT,
          { ...ports, hubs: [through] },
          { actor: "t", queryLagMs: 0 },
        );
        expect(problems).toBeUndefined();
        const after = hub.calls();
        if (steps.length > 0) return look(through);
        return {
          total: after.total - before.total,
          queries: after.queries - before.queries,
          refused: (after.answers.queries?.[400] ?? 0) - (before.answers.queries?.[400] ?? 0),
        };
      };
      await look();
      expect(await look()).toEqual({ total: queries + 1, queries, refused: 0 });
      // A process of its own finds out for itself, once.
      const process = portOf(hub);
      expect(await look(process)).toEqual({
        total: queries + probes + 1,
        queries: queries + probes,
        refused: probes,
      });
      expect(await look(process)).toEqual({ total: queries + 1, queries, refused: 0 });
      // One whose settings say it has nothing to find out.
      const told = portOf(hub, keys === "one" ? 1 : 2);
      expect(await look(told)).toEqual({ total: queries + 1, queries, refused: 0 });
    },
  );
});

describe("a hub that answers two keys with rows of one", () => {
  const query = tallyQuery({ product: "thermostat", attempt: ATTEMPT });
  it("is asked once an outcome, from then on", async () => {
    const asked: string[] = [];
    const tally = tallyDevices((text): Promise<CountRow[]> => {
      asked.push(text);
      return Promise.resolve([{ stratum: "A", devices: 2 }]);
    });
    const each = { A: { ok: 2, failed: 2, contacted: 2 } };
    expect([await tally(query), await tally(query)]).toEqual([each, each]);
    expect(asked.filter((text) => text === query.grouped)).toHaveLength(1);
    expect(asked).toHaveLength(7);
  });

  it("that does not answer at all is no hub of one key: the trouble is passed on, and two are tried again", async () => {
    let isDown = true;
    const asked: string[] = [];
    const tally = tallyDevices((text) => {
      asked.push(text);
      if (isDown) throw new WavegateError("HUB_UNREACHABLE", "no answer", { hint: "" });
      return Promise.resolve([{ stratum: "A", outcome: "ok", devices: 2 }]);
    });
    await expect(tally(query)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    isDown = false;
    expect(await tally(query)).toEqual({ A: { ok: 2, failed: 0, contacted: 0 } });
    expect(asked).toEqual([query.grouped, query.grouped]);
  });
});
