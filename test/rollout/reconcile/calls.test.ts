import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HubLogEntry } from "../../../local/hub/hub-log.ts";
import { folderRecords } from "../../../rollout/adapters/folder-records.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { apply } from "../../../rollout/reconcile/apply.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { reconcile, type ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { openDevice } from "../../support/device-client.ts";
import { hubAtAStandstill, type Standstill } from "../adapters/hub-at-a-standstill.ts";

// Whole runs through Microsoft's client; the embedded hub, throttled as an S1, says what it was asked.

const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);
const OPTIONS = { actor: "test", queryLagMs: 0 };

let at: Standstill;
let folder: string;
let ports: ReconcilePorts;
let routes: string[] = [];

beforeEach(async () => {
  routes = [];
  const log = (entry: HubLogEntry): void => {
    if (entry.event === "request") routes.push(`${entry.method} ${entry.route ?? "?"}`);
  };
  at = await hubAtAStandstill({}, { log });
  folder = await mkdtemp(join(tmpdir(), "wavegate-calls-"));
  const images = imagesOf("1.0.0", "1.1.0");
  ports = {
    hubs: [at.port],
    records: folderRecords(folder),
    images: { base: "https://images.test", describe: (path) => Promise.resolve(images.get(path)) },
    clock: at.clock,
  };
  await Promise.all(
    aFleet(6).map(async ({ deviceId, stratum = "", ring: name }) => {
      const rollout = { stratum, bucket: bucketOf(deviceId), ...(name === undefined ? {} : { ring: name }) };
      const connectionString = at.hub.createDevice({ deviceId, tags: { product: "thermostat", rollout } });
      await using device = await openDevice({ connectionString, ca: at.hub.caPem });
      await device.report({ firmware: { currentFwVersion: "1.0.0", pendingFwVersion: "" } });
    }),
  );
});
afterEach(async () => {
  await at[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** How often each route was asked for since the last time. */
function asked(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const route of routes.splice(0)) counts[route] = (counts[route] ?? 0) + 1;
  return counts;
}

/** Until nothing is left to do at this instant. */
async function rest(): Promise<void> {
  for (;;) {
    const { steps, problems } = await reconcile(PRODUCT, ports, OPTIONS);
    expect(problems).toBeUndefined();
    if (steps.length === 0) return;
  }
}

describe("what the hub is asked", () => {
  it("by a run that acts: one listing a round, and its writes", async () => {
    for (let run = 0; run < 20; run++) {
      const { steps, status } = await reconcile(PRODUCT, ports, OPTIONS);
      const counts = asked();
      // A round a step, and one that finds nothing left to do; five rounds end a run whatever is left.
      expect(counts["GET /configurations"]).toBe(status === undefined ? steps.length : steps.length + 1);
      const writes = steps.filter(({ kind }) => kind !== "mark").length;
      expect(counts["PUT /configurations/:id"] ?? 0).toBe(writes);
      if (steps.length === 0) break;
    }
    expect(await observe()).toBe("contacting");
    expect(at.hub.calls().throttled).toBe(0);
  });

  it("by a look at a release under way: one listing and the counts, never a twin", async () => {
    await rest();
    asked();
    const { steps } = await reconcile(PRODUCT, ports, OPTIONS);
    expect(steps).toEqual([]);
    const counts = asked();
    expect(counts["GET /configurations"]).toBe(1);
    expect(counts["POST /devices/query"]).toBeGreaterThan(0);
    expect(Object.keys(counts).toSorted()).toEqual(["GET /configurations", "POST /devices/query"]);
  });

  it("by plan and status, which look without acting: one listing", async () => {
    await rest();
    asked();
    await observe();
    expect(asked()["GET /configurations"]).toBe(1);
  });

  it("by a stop above an adopted baseline: one listing and four writes, ahead of everything that waits", async () => {
    await rest();
    // Use the minute up, as far as ordinary calls may.
    at.clock.advance(60_000);
    for (let call = 0; call < 15; call++) await at.port.list();
    asked();
    const waits = at.clock.waits.length;
    await stopRelease({ kind: "abort", product: "thermostat", actor: "test", reason: "smoke" }, ports);
    expect(asked()).toEqual({ "GET /configurations": 1, "PUT /configurations/:id": 4 });
    expect(at.clock.waits).toHaveLength(waits);
    expect(at.hub.calls().throttled).toBe(0);
  });

  it("by a stop while others use the hub up: the same again, once the throttle lets it", async () => {
    await rest();
    at.clock.advance(60_000);
    const other = at.another({ tier: "S3", units: 10 });
    for (let call = 0; call < 19; call++) await other.list();
    await stopRelease({ kind: "abort", product: "thermostat", actor: "test", reason: "smoke" }, ports);
    expect(at.hub.calls().throttled).toBeGreaterThan(0);
    const listing = await at.port.list();
    expect(listing.configurations.find(({ id }) => id.includes("1-1-0"))?.condition).toBe("");
  });
});

describe("an interruption of apply", () => {
  it("ends it at once, in the middle of a look, and nothing is decided by half of it", async () => {
    await rest();
    const command = new AbortController();
    using fault = at.hub.faults.add({ match: { call: "queries" }, kind: "no answer" });
    asked();
    const applying = apply(
      PRODUCT,
      { ...ports, hubs: [at.another({ signal: command.signal })] },
      { ...OPTIONS, lookEveryMs: 60_000, signal: command.signal, onEvent: () => undefined },
    );
    await expect.poll(() => fault.hits()).toBe(1);
    command.abort();
    expect(await applying).toEqual({ product: "thermostat", outcome: "interrupted" });
    expect(asked()["PUT /configurations/:id"]).toBeUndefined();
  });
});

/** What `plan` and `status` do; the phase that is waited in. */
async function observe(): Promise<string | undefined> {
  const { next } = await observeProduct(PRODUCT, { ...ports, settings: { queryLag: 0 } });
  return next?.phase;
}
