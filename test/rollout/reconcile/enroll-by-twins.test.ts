import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HubOptions } from "../../../local/hub/hub-options.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { deviceTwins } from "../../../rollout/adapters/device-twins.ts";
import { connectRegistry, type Registry } from "../../../rollout/adapters/registry.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { enrollByTwins, type EnrollmentRun } from "../../../rollout/reconcile/enroll-by-twins.ts";
import type { ClockPort } from "../../../rollout/reconcile/ports.ts";

// Microsoft's own client against the embedded hub, throttled as an S1, on a clock that stands unless somebody waits.

let hub: LocalHub;
let registry: Registry;
let time = 0;
let waited = 0;
const clock: ClockPort = {
  now: () => time,
  monotonic: () => time,
  sleep: (ms, signal) => {
    signal?.throwIfAborted();
    waited += ms;
    time += ms;
    return Promise.resolve();
  },
};

async function open(options: HubOptions = {}): Promise<void> {
  hub = await startHub({
    clock: {
      now: () => time,
      // The hub's own clockwork must not move the time that only waiting moves.
      sleep: (_, signal) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => {
            reject(new Error("closed"));
          }),
        ),
    },
    ...options,
  });
  registry = connectRegistry({
    kind: "connection string",
    connectionString: hub.serviceConnectionString,
    ca: hub.caPem,
  });
}

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  waited = 0;
  await open();
});
afterEach(() => hub.close());

function make(
  ids: readonly string[],
  tags: Record<string, unknown> = { product: "thermostat", site: "a" },
): void {
  // The hub types tags as JSON, which literals are.
  for (const deviceId of ids) hub.createDevice({ deviceId, tags: tags as { product: string } });
}

function aRun(changes: Partial<EnrollmentRun> = {}): EnrollmentRun {
  return {
    product: "thermostat",
    twins: deviceTwins({ registry, hub: "test" }),
    clock,
    writesPerSecond: 25,
    pagesPerMinute: 10,
    most: 1_000_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

async function tagsOf(deviceId: string): Promise<unknown> {
  // The SDK types twins as anything.
  return ((await registry.getTwin(deviceId)).responseBody as { tags: unknown }).tags;
}

async function bucketCount(): Promise<number> {
  const answer = await registry
    .createQuery("SELECT COUNT() AS n FROM devices WHERE IS_DEFINED(tags.rollout.bucket)")
    .next();
  return (answer.result as { n: number }[])[0]?.n ?? 0;
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

describe("enrollByTwins", () => {
  it("stamps the product's devices without a bucket, and changes nothing else", async () => {
    make(ids(3), { product: "thermostat", site: { floor: 2 }, rollout: { ring: "canary", stratum: "A" } });
    make(["pump"], { product: "pump" });
    make(["none"], {});
    hub.createDevice({ deviceId: "own", tags: { product: "thermostat", rollout: { bucket: 7 } } });
    expect(await enrollByTwins(aRun())).toMatchObject({
      stamped: 3,
      changedMeanwhile: 0,
      refusedCount: 0,
      left: 0,
    });
    expect(await tagsOf("d1")).toEqual({
      product: "thermostat",
      site: { floor: 2 },
      rollout: { ring: "canary", stratum: "A", bucket: bucketOf("d1") },
    });
    expect(await tagsOf("pump")).toEqual({ product: "pump" });
    expect(await tagsOf("own")).toMatchObject({ rollout: { bucket: 7 } });
    expect(await bucketCount()).toBe(4);
  });

  it(
    "stamps 5,000 devices without one refusal of the hub, and has nothing to do the second time",
    { timeout: 120_000 },
    async () => {
      make(ids(5_000));
      expect(await enrollByTwins(aRun())).toMatchObject({ stamped: 5_000, left: 0 });
      expect(hub.calls().throttled).toBe(0);
      const { twinWrites, queries } = hub.calls();
      expect({ twinWrites, queries }).toEqual({ twinWrites: 5_000, queries: 50 });
      expect(await bucketCount()).toBe(5_000);
      expect(await enrollByTwins(aRun())).toMatchObject({ stamped: 0, left: 0 });
      expect(hub.calls().twinWrites).toBe(5_000);
    },
  );

  it("writes nothing twice when a query still shows the fleet as it was", async () => {
    await hub.close();
    await open({ queryLagMs: 30 * 60_000 });
    make(ids(20));
    time += 3_600_000;
    await enrollByTwins(aRun());
    const version = async (): Promise<unknown> =>
      ((await registry.getTwin("d3")).responseBody as unknown as { version: number }).version;
    const before = await version();
    const { queries } = hub.calls();
    expect(await enrollByTwins(aRun())).toMatchObject({ left: 0, refusedCount: 0 });
    expect(hub.calls().queries).toBe(queries + 1);
    // The old page showed them all once more, and every patch met a changed etag.
    expect(hub.calls().twinWrites).toBe(40);
    expect(await version()).toBe(before);
  });

  it("takes any id a device may have", async () => {
    const hostile = [
      "a'b",
      "#1?x=%2F",
      "$..%00",
      "*",
      "--yes",
      "__proto__",
      "constructor",
      "é".length === 1 ? "A+B,(c)=@!" : "",
      "x".repeat(128),
    ];
    make(hostile);
    expect(await enrollByTwins(aRun())).toMatchObject({ stamped: hostile.length, refusedCount: 0 });
    for (const id of hostile) expect(await tagsOf(id)).toMatchObject({ rollout: { bucket: bucketOf(id) } });
  });

  it("leaves what is no bucket as it is, and says which device", async () => {
    make(["text"], { product: "thermostat", rollout: { bucket: "17" } });
    make(["scalar"], { product: "thermostat", rollout: "canary" });
    make(["good"]);
    const result = await enrollByTwins(aRun());
    expect(result).toMatchObject({ stamped: 1, refusedCount: 1 });
    expect(result.refused).toEqual([{ deviceId: "scalar", why: "tags.rollout is no object" }]);
    expect(await tagsOf("scalar")).toEqual({ product: "thermostat", rollout: "canary" });
    expect(await tagsOf("text")).toEqual({ product: "thermostat", rollout: { bucket: "17" } });
  });

  it("stamps the others when one device's tags have no room left", async () => {
    make(["full"], { product: "thermostat", a: "x".repeat(4_000), b: "y".repeat(4_000), c: "z".repeat(160) });
    make(["good"]);
    const result = await enrollByTwins(aRun());
    expect(result).toMatchObject({ stamped: 1, refusedCount: 1 });
    expect(result.refused[0]?.deviceId).toBe("full");
  });

  it("stops at the number it is given", async () => {
    make(ids(250));
    expect(await enrollByTwins(aRun({ most: 120 }))).toMatchObject({ stamped: 120, left: 0 });
    expect(await bucketCount()).toBe(120);
  });
});

describe("a device that changes between the listing and the write", () => {
  /** Do something after all are listed, and before the first is written. */
  function afterListing(change: () => Promise<unknown>): EnrollmentRun["twins"] {
    const twins = deviceTwins({ registry, hub: "test" });
    return {
      ...twins,
      page: async (...asked) => {
        const page = await twins.page(...asked);
        if (page.next === undefined) await change();
        return page;
      },
    };
  }

  it("keeps the bucket that somebody else gave it", async () => {
    make(["d0", "d1"]);
    const twins = afterListing(() => registry.updateTwin("d0", { tags: { rollout: { bucket: 42 } } }, "*"));
    expect(await enrollByTwins(aRun({ twins }))).toMatchObject({ stamped: 1, changedMeanwhile: 1 });
    expect(await tagsOf("d0")).toMatchObject({ rollout: { bucket: 42 } });
  });

  it("is stamped when another tag was written", async () => {
    make(["d0"]);
    const twins = afterListing(() => registry.updateTwin("d0", { tags: { site: "b" } }, "*"));
    expect(await enrollByTwins(aRun({ twins }))).toMatchObject({ stamped: 1, changedMeanwhile: 0 });
    expect(await tagsOf("d0")).toEqual({
      product: "thermostat",
      site: "b",
      rollout: { bucket: bucketOf("d0") },
    });
  });

  it("is left alone when it became another product's, or was deleted", async () => {
    make(["d0", "d1", "d2"]);
    const twins = afterListing(async () => {
      await registry.updateTwin("d0", { tags: { product: "pump" } }, "*");
      await registry.delete("d1");
    });
    expect(await enrollByTwins(aRun({ twins }))).toMatchObject({ stamped: 1, changedMeanwhile: 2 });
    expect(await tagsOf("d0")).toEqual({ product: "pump", site: "a" });
  });
});

describe("trouble", () => {
  it("of the passing kind is waited out: refusals, server errors, answers that are lost", async () => {
    make(ids(60));
    hub.faults.add({ kind: "status", status: 429, match: { call: "twinWrites" }, times: 10 });
    hub.faults.add({ kind: "status", status: 500, match: { call: "queries" }, times: 2 });
    hub.faults.add({ kind: "status", status: 503, match: { call: "twinWrites" }, probability: 0.1 });
    const lost = hub.faults.add({ kind: "lost answer", match: { call: "twinWrites" }, probability: 0.2 });
    const said: string[] = [];
    const result = await enrollByTwins(
      aRun({
        onProgress: (event) => {
          if (event.kind === "waiting") said.push(event.why);
        },
      }),
    );
    expect(lost.hits()).toBeGreaterThan(0);
    hub.faults.clear();
    // A write whose answer was lost is found to have taken effect.
    expect(result).toMatchObject({ stamped: 60, changedMeanwhile: 0, left: 0 });
    expect(await bucketCount()).toBe(60);
    expect(said.some((text) => text.includes("limiting our calls"))).toBe(true);
    expect(waited).toBeGreaterThan(10_000);
  });

  it("that does not pass ends the run, says how far it came, and the next run goes on", async () => {
    make(ids(40));
    let writes = 0;
    const twins = deviceTwins({ registry, hub: "test" });
    const dying: EnrollmentRun["twins"] = {
      ...twins,
      stamp: async (device) => {
        if ((writes += 1) === 15)
          hub.faults.add({ kind: "status", status: 503, match: { call: "twinWrites" } });
        await twins.stamp(device);
      },
    };
    await expect(enrollByTwins(aRun({ twins: dying, writesPerSecond: 3 }))).rejects.toMatchObject({
      code: "HUB_FAILED",
      message: expect.stringContaining("; 14 of 40 devices were done before") as string,
    });
    hub.faults.clear();
    expect(await bucketCount()).toBe(14);
    expect(await enrollByTwins(aRun())).toMatchObject({ stamped: 26, left: 0 });
    expect(await bucketCount()).toBe(40);
  });

  it("of a used-up quota ends the run at once with HUB_QUOTA", async () => {
    await hub.close();
    await open({ tier: "F1", throttle: "off" });
    make(ids(100), { product: "thermostat" });
    // Somebody uses up the free tier's 8,000 messages, less a few that the run has for itself.
    hub.createDevice({ deviceId: "busy", tags: {} });
    for (let value = 0; hub.quota().used < 8_000 - 60; value++)
      await registry.updateTwin("busy", { tags: { filler: `${value}`.padEnd(3_900, "x") } }, "*");
    await expect(enrollByTwins(aRun())).rejects.toMatchObject({
      code: "HUB_QUOTA",
      message: expect.stringMatching(/; [1-9]\d* of 100 devices were done before/) as string,
      hint: expect.stringContaining("wait until midnight UTC") as string,
    });
    time += 86_400_000;
    const before = await bucketCount();
    expect(await enrollByTwins(aRun())).toMatchObject({ stamped: 100 - before });
    expect(before).toBeGreaterThan(0);
    expect(await bucketCount()).toBe(100);
  });

  it("of a stranger's key is HUB_UNAUTHORIZED, without a second try", async () => {
    make(["d0"]);
    const { connectionString } = hub.policies.registryReadWrite;
    const stranger = connectRegistry({ kind: "connection string", connectionString, ca: hub.caPem });
    const twins = deviceTwins({ registry: stranger, hub: "test" });
    await expect(enrollByTwins(aRun({ twins }))).rejects.toMatchObject({ code: "HUB_UNAUTHORIZED" });
    expect(waited).toBe(0); // it did not wait to try again
  });
});

describe("an interrupt", () => {
  it("ends the run between two devices, and the next run goes on", async () => {
    make(ids(200));
    const interrupt = new AbortController();
    const result = await enrollByTwins(
      aRun({
        signal: interrupt.signal,
        onProgress: (event) => {
          if (event.kind === "done" && event.done === 50) interrupt.abort();
        },
      }),
    );
    expect(result.interrupted).toBe(true);
    expect(result.stamped + result.left).toBe(200);
    expect(await bucketCount()).toBe(result.stamped);
    expect(result.stamped).toBeLessThan(60);
    expect(await enrollByTwins(aRun())).toMatchObject({ stamped: 200 - result.stamped, interrupted: false });
  });

  it("while devices are listed ends it with none written", async () => {
    make(ids(500));
    const interrupt = new AbortController();
    const result = await enrollByTwins(
      aRun({
        signal: interrupt.signal,
        onProgress: ({ kind }) => {
          if (kind === "listed") interrupt.abort();
        },
      }),
    );
    expect(result).toMatchObject({ stamped: 0, interrupted: true });
    expect(await bucketCount()).toBe(0);
  });
});
