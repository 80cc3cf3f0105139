import { describe, expect, it } from "vitest";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { refreshPauseMs } from "../../../rollout/plan/refresh-pause.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import {
  watch,
  type Refresh,
  type WatchOptions,
  type WatchOutcome,
} from "../../../rollout/reconcile/watch.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

const HOUR = 3_600_000;
const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50), kind: "smoke", pace: { parts: 2, every: "2 hours" } },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);

function aWorld(): World {
  return createWorld({ devices: aFleet(200), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
}

async function run(world: World): Promise<void> {
  await reconcile(PRODUCT, world.ports, { actor: "cron", queryLagMs: 0 });
}

interface Watching {
  readonly outcome: WatchOutcome;
  readonly refreshes: readonly Refresh[];
  readonly troubles: readonly string[];
  readonly pauses: readonly number[];
  /** What the watcher itself asked of the world, a list a refresh. */
  readonly calls: readonly (readonly string[])[];
}

/** Watch a world; `between` is what everybody else does while the watcher sleeps. */
async function watched(
  world: World,
  between: (refresh: number) => Promise<void>,
  options: Partial<WatchOptions> = {},
): Promise<Watching> {
  const refreshes: Refresh[] = [];
  const troubles: string[] = [];
  const pauses: number[] = [];
  const calls: string[][] = [[]];
  let isWatching = true;
  const faults = world.fault;
  world.fault = async (at) => {
    if (isWatching && at.when === "before") calls.at(-1)?.push(at.call);
    await faults(at);
  };
  const clock = {
    ...world.ports.clock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      pauses.push(ms);
      isWatching = false;
      await between(pauses.length);
      isWatching = true;
      calls.push([]);
      signal?.throwIfAborted();
    },
  };
  const outcome = await watch(
    [PRODUCT],
    { ...world.ports, clock, settings: { queryLag: 0 } },
    {
      everyMs: 300_000,
      hub: { tier: "S1", units: 1 },
      signal: new AbortController().signal,
      onRefresh: (refresh) => refreshes.push(refresh),
      onTrouble: ({ error }) => troubles.push(error.code),
      ...options,
    },
  );
  return { outcome, refreshes, troubles, pauses, calls };
}

describe("watch", () => {
  it("shows what another process does, by reads alone, and ends when the rollout is complete", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    const { outcome, refreshes, calls } = await watched(world, async () => {
      world.settle(() => "ok");
      world.advance(HOUR);
      await run(world);
    });
    expect(outcome).toBe("done");
    expect(refreshes.at(-1)?.outcome).toBe("done");
    const exposures = refreshes.map(({ products }) => products[0]?.exposure);
    const exposed = exposures.map((exposure) => exposure?.exposed ?? 0);
    expect(exposed).toEqual(exposed.toSorted((a, b) => a - b));
    expect(exposures[0]).toMatchObject({ exposed: 6, unexposed: 194 });
    expect(exposures.at(-1)).toMatchObject({ exposed: 200, unexposed: 0 });
    const writes = /^(create|replace|remove|put|mark|append|tombstone$)/;
    expect(calls.flat().filter((call) => writes.test(call))).toEqual([]);
    expect(calls.map((all) => all.filter((call) => call === "list").length)).toEqual(calls.map(() => 1));
    // Two tallies, one count of all versions; exposure is counted only where the release stands in another place.
    const inWave = calls.filter((all) => all.filter((call) => call === "count").length === 1);
    expect(inWave.length).toBeGreaterThan(calls.length / 2);
    expect(calls.flat()).not.toContain("describe image");
  });

  it("bounds what happens: no wave opens, and nothing completes, before its outlook says", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    const { refreshes } = await watched(world, async () => {
      world.settle(() => "ok");
      world.advance(HOUR / 4);
      await run(world);
    });
    const opened = new Map<string, number>();
    for (const { at, products } of refreshes)
      for (const { name, state } of products[0]?.outlook?.waves ?? [])
        if (state === "open" && !opened.has(name)) opened.set(name, at);
    expect([...opened.keys()]).toEqual(["canary", "half", "everyone"]);
    const end = refreshes.at(-1)?.at ?? 0;
    let bounds = 0;
    for (const { products } of refreshes) {
      const outlook = products[0]?.outlook;
      for (const { name, state, opensAt = 0 } of outlook?.waves ?? []) {
        if (state !== "ahead") continue;
        expect(opensAt).toBeLessThanOrEqual(opened.get(name) ?? 0);
        bounds += 1;
      }
      expect(outlook?.completesAt).toBeLessThanOrEqual(end);
    }
    expect(bounds).toBeGreaterThan(50);
    // And it is no idle bound: with looks every 15 minutes each of four steps is late by little.
    expect(end - (refreshes[0]?.products[0]?.outlook?.completesAt ?? 0)).toBeLessThan(2 * HOUR);
  });

  it("ends as aborted when the release it saw was taken back", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    const { outcome, refreshes } = await watched(world, async (refresh) => {
      world.settle(() => "ok");
      world.advance(HOUR);
      if (refresh === 2)
        await stopRelease(
          { kind: "abort", product: "thermostat", reason: "units overheat", actor: "alice" },
          world.ports,
        );
      await run(world);
    });
    expect(outcome).toBe("aborted");
    expect(refreshes.some(({ products }) => products[0]?.next.phase === "rolling back")).toBe(true);
  });

  it("ends as held when a person is needed", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    const { outcome } = await watched(world, async () => {
      await stopRelease(
        { kind: "hold", product: "thermostat", reason: "calls", actor: "alice" },
        world.ports,
      );
      await run(world);
    });
    expect(outcome).toBe("held");
  });

  it("tells the weather and looks again, not sooner than the hub asks", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    let storms = 0;
    world.fault = ({ when, call }) => {
      if (when === "before" && call === "list" && storms > 0) {
        storms -= 1;
        const retryAfterMs = storms === 0 ? 600_000 : undefined;
        throw new WavegateError(storms === 0 ? "HUB_THROTTLED" : "HUB_UNREACHABLE", "no", {
          hint: "",
          retryAfterMs,
        });
      }
    };
    const interrupt = new AbortController();
    const { outcome, troubles, pauses, refreshes } = await watched(
      world,
      (refresh) => {
        if (refresh === 1) storms = 2;
        if (refresh === 4) interrupt.abort();
        return Promise.resolve();
      },
      { signal: interrupt.signal },
    );
    expect(outcome).toBe("interrupted");
    expect(troubles).toEqual(["HUB_UNREACHABLE", "HUB_THROTTLED"]);
    expect(pauses).toEqual([300_000, 300_000, 600_000, 300_000]);
    expect(refreshes).toHaveLength(2);
  });

  it("gives up on a first look that fails, and on weather that does not end", async () => {
    const world = aWorld();
    world.fault = ({ call }) => {
      if (call === "list") throw new WavegateError("HUB_UNREACHABLE", "no", { hint: "" });
    };
    await expect(watched(world, () => Promise.resolve())).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    const later = aWorld();
    await expect(
      watched(later, () => {
        later.fault = world.fault;
        return Promise.resolve();
      }),
    ).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("says since when the next run had something to do, when nobody drives", async () => {
    const world = aWorld();
    const interrupt = new AbortController();
    const { refreshes } = await watched(
      world,
      (refresh) => {
        world.advance(HOUR);
        if (refresh === 3) interrupt.abort();
        return Promise.resolve();
      },
      { signal: interrupt.signal },
    );
    const [first, , third] = refreshes;
    expect(third?.products[0]?.dueSince).toBe(first?.at);
    expect((third?.at ?? 0) - (first?.at ?? 0)).toBe(2 * HOUR);
  });

  it("pauses longer than asked where its calls would take over half of the hub's", async () => {
    const world = aWorld();
    await run(world);
    await run(world);
    const interrupt = new AbortController();
    const { pauses, refreshes } = await watched(
      world,
      (refresh) => {
        if (refresh === 2) interrupt.abort();
        return Promise.resolve();
      },
      { signal: interrupt.signal, everyMs: 1_000 },
    );
    // Two tallies of three queries at most, all versions in one, and at first a count a wave: at 10 a minute.
    expect(pauses).toEqual([60_000, 42_000]);
    expect(refreshes.map(({ nextInMs }) => nextInMs)).toEqual(pauses);
  });
});

describe("refreshPauseMs", () => {
  it.each([
    [{ queries: 8, listings: 1 }, { tier: "S1", units: 1 }, 48_000],
    [{ queries: 8, listings: 1 }, { tier: "S1", units: 4 }, 12_000],
    [{ queries: 8, listings: 1 }, { tier: "S3", units: 1 }, 6_000],
    [{ queries: 0, listings: 1 }, { tier: "S1", units: 1 }, 6_000],
  ] as const)("of %j on %j is %d ms", (calls, hub, expected) => {
    expect(refreshPauseMs(calls, hub)).toBe(expected);
  });
});
