import { describe, expect, it } from "vitest";
import { headOf, slotOf } from "../../../rollout/model/labels.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import {
  reconcile,
  type ReconcilePorts,
  type ReconcileResult,
} from "../../../rollout/reconcile/reconcile.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopAll, type StoppedLine } from "../../../rollout/reconcile/stop-all.ts";
import { stopRelease, type StopResult } from "../../../rollout/reconcile/stop-release.ts";
import { aFleet, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, Crash, HOUR, PRODUCT, REF } from "./in-canary.ts";

const OPTIONS = { actor: "test", queryLagMs: 0 };

/** Two hubs with half of the fleet each, and one record store. */
interface TwoHubs {
  readonly worlds: readonly [World, World];
  readonly ports: ReconcilePorts;
  /** Hubs and stores that do not answer. */
  readonly down: Set<"a" | "b" | "store">;
  advance(ms: number): void;
  look(): Promise<ReconcileResult>;
  rest(): Promise<ReconcileResult>;
  stop(kind: "hold" | "abort"): Promise<StopResult>;
  exposed(): readonly number[];
  head(): RolloutRecord | undefined;
}

function twoHubs(): TwoHubs {
  const devices = aFleet(48);
  const images = imagesOf("1.0.0", "1.1.0");
  const [a, b] = (["a", "b"] as const).map((hub, half) =>
    createWorld({
      devices: devices.filter((_, index) => Math.floor(index / 6) % 2 === half),
      version: "1.0.0",
      images,
      hub,
    }),
  ) as [World, World];
  const down = new Set<"a" | "b" | "store">();
  const unless = (name: "a" | "b" | "store"): void => {
    if (!down.has(name)) return;
    const code = name === "store" ? "RECORD_STORE_FAILED" : "HUB_UNREACHABLE";
    throw new WavegateError(code, `${name} is down`, { hint: "" });
  };
  const guarded = <Port extends object>(name: "a" | "b" | "store", port: Port): Port =>
    new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): Promise<unknown> =>
          Promise.resolve().then(() => {
            unless(name);
            return Reflect.apply(value, target, args) as unknown;
          });
      },
    });
  const hubs: readonly HubPort[] = [guarded("a", a.hub), guarded("b", b.hub)];
  const ports: ReconcilePorts = { ...a.ports, hubs, records: guarded("store", a.ports.records) };
  const worlds: TwoHubs = {
    worlds: [a, b],
    ports,
    down,
    advance: (ms) => {
      a.advance(ms);
      b.advance(ms);
    },
    look: () => reconcile(PRODUCT, ports, OPTIONS),
    rest: async () => {
      for (;;) {
        const result = await worlds.look();
        if (result.steps.length === 0) return result;
      }
    },
    stop: (kind) => stopRelease({ kind, product: "thermostat", actor: "operator", reason: "stop" }, ports),
    exposed: () => worlds.worlds.map((world) => world.exposed(ATTEMPT).size),
    head: () => a.records.get(headOf(a.configuration(REF)?.labels ?? {}) ?? ("" as never)),
  };
  return worlds;
}

async function inCanary(): Promise<TwoHubs> {
  const hubs = twoHubs();
  await hubs.rest();
  for (const world of hubs.worlds) world.settle(() => "ok");
  return hubs;
}

function heads({ worlds }: TwoHubs): readonly (string | undefined)[] {
  return worlds.map((world) => headOf(world.configuration(REF)?.labels ?? {}));
}

describe("two hubs", () => {
  it("start together, under one head, with what each has created in the record", async () => {
    const hubs = await inCanary();
    expect(hubs.exposed().every((devices) => devices > 0)).toBe(true);
    expect(heads(hubs)[0]).toBe(heads(hubs)[1]);
    expect(Object.keys(hubs.head()?.intents.at(-1)?.created ?? {})).toEqual(["a", "b"]);
  });

  it("are counted as one fleet", async () => {
    const hubs = await inCanary();
    const events: number[] = [];
    await reconcile(PRODUCT, hubs.ports, {
      ...OPTIONS,
      onEvent: (event) => {
        if (event.kind !== "judged" || event.judgement.kind !== "judged") return;
        const all = Object.values(event.judgement.look.views.all);
        events.push(all.reduce((sum, { ok }) => sum + ok, 0));
      },
    });
    expect(events[0]).toBe(hubs.exposed().reduce((sum, devices) => sum + devices, 0));
  });

  it("widen only while both answer", async () => {
    const hubs = await inCanary();
    await hubs.rest();
    hubs.advance(4 * HOUR);
    const before = hubs.exposed();
    hubs.down.add("b");
    const { steps, status } = await hubs.look();
    expect(steps).toEqual([]);
    expect(status?.text).toMatch(/b cannot be reached/);
    expect(hubs.exposed()).toEqual(before);
    hubs.down.delete("b");
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "promote" });
    expect(hubs.exposed().every((devices, index) => devices > (before[index] ?? 0))).toBe(true);
  });

  it("are stopped on the one that answers, and on the other as soon as anybody reaches it, without the store", async () => {
    const hubs = await inCanary();
    hubs.down.add("b").add("store");
    const { inForce, missed } = await hubs.stop("abort");
    expect([inForce, missed.map(({ hub }) => hub)]).toEqual([["a"], ["b"]]);
    expect(hubs.exposed()[0]).toBe(0);
    hubs.down.delete("b");
    await hubs.rest();
    expect(hubs.exposed()).toEqual([0, 0]);
    hubs.down.delete("store");
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "abort", actor: "operator" });
    expect(heads(hubs)[0]).toBe(heads(hubs)[1]);
  });

  it("fail a stop only when none answers", async () => {
    const hubs = await inCanary();
    hubs.down.add("a").add("b");
    await expect(hubs.stop("abort")).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("are stopped by stop --all on the one that answers, and the other is never said to have nothing under way", async () => {
    const hubs = await inCanary();
    const stopAllNow = (): Promise<StoppedLine> =>
      stopAll({ kind: "abort", actor: "operator", reason: "stop the line" }, hubs.ports);
    hubs.down.add("a").add("store");
    expect(await stopAllNow()).toMatchObject({
      products: [{ kind: "stopped", missed: [{ hub: "a" }] }],
      unseen: [],
    });
    expect(await stopAllNow()).toEqual({ products: [], unseen: ["a"] });
    hubs.down.delete("a");
    expect(await stopAllNow()).toMatchObject({ products: [{ kind: "stopped", missed: [] }], unseen: [] });
    expect(hubs.exposed()).toEqual([0, 0]);
  });

  it("are brought to one head after a crash between their refs", async () => {
    const hubs = await inCanary();
    await hubs.rest();
    hubs.advance(4 * HOUR);
    let moves = 0;
    const crash = ({ when, call }: { when: "before" | "after"; call: string }): void => {
      if (when === "before" && call === `replace ${REF}` && ++moves === 1) throw new Crash(call);
    };
    hubs.worlds[1].fault = crash;
    await expect(hubs.look()).rejects.toThrow(Crash);
    expect(heads(hubs)[0]).not.toBe(heads(hubs)[1]);
    hubs.worlds[1].fault = () => undefined;
    const { steps } = await hubs.look();
    expect(steps[0]).toMatchObject({ kind: "write", why: "move the ref forward on b" });
    await hubs.rest();
    expect(heads(hubs)[0]).toBe(heads(hubs)[1]);
    expect(hubs.head()).toMatchObject({ kind: "promote" });
  });

  it("are born together even when somebody dies between their first refs", async () => {
    const hubs = twoHubs();
    hubs.worlds[1].fault = ({ when, call }) => {
      if (when === "before" && call === `create ${REF}`) throw new Crash(call);
    };
    await expect(hubs.look()).rejects.toThrow(Crash);
    expect(heads(hubs)[1]).toBeUndefined();
    hubs.worlds[1].fault = () => undefined;
    await hubs.rest();
    expect(heads(hubs)[0]).toBe(heads(hubs)[1]);
    expect(hubs.exposed().every((devices) => devices > 0)).toBe(true);
  });

  it("hold both when one's configuration is edited, and go on together when resumed", async () => {
    const hubs = await inCanary();
    await hubs.rest();
    hubs.worlds[1].edit(ATTEMPT, { condition: "*" });
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "hold", actor: "unknown (portal)" });
    expect(slotOf(hubs.worlds[1].configuration(ATTEMPT)?.labels ?? {}, ATTEMPT)?.kind).toBe("hold");
    await resume(PRODUCT, hubs.ports, { ...OPTIONS, reason: "it was me" });
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "resume" });
    hubs.advance(4 * HOUR);
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "promote" });
  });

  it("lose a release that is deleted on one of them: it is held on both", async () => {
    const hubs = await inCanary();
    await hubs.rest();
    hubs.worlds[1].remove(ATTEMPT);
    await hubs.rest();
    expect(hubs.head()).toMatchObject({ kind: "hold" });
    expect(hubs.head()?.reason).toMatch(/REF_LOST.* on b$/);
  });

  it("lose nothing where one was listed before the release was created on it, and the other after it started", async () => {
    const hubs = twoHubs();
    const [, b] = hubs.worlds;
    b.fault = ({ when, call }) => {
      if (when === "before" && call === `create ${ATTEMPT}`) throw new Crash(call);
    };
    await expect(hubs.rest()).rejects.toThrow(Crash);
    b.fault = () => undefined;
    const early = await b.hub.list();
    await hubs.rest();
    const [first, second] = hubs.ports.hubs as readonly [HubPort, HubPort];
    let lists = 0;
    const slow: HubPort = {
      ...second,
      name: second.name,
      list: (options) => (lists++ === 0 ? Promise.resolve(early) : second.list(options)),
    };
    await reconcile(PRODUCT, { ...hubs.ports, hubs: [first, slow] }, OPTIONS);
    expect(lists).toBeGreaterThan(0);
    await hubs.rest();
    expect(hubs.head()?.intents.at(-1)?.state).toBe("running");
  });

  it("whose refs are in different lines wait for a person", async () => {
    const hubs = await inCanary();
    await hubs.rest();
    const head = heads(hubs)[0] as never;
    const record = hubs.worlds[0].records.get(head);
    const stray = await hubs.ports.records.putRecord({
      ...(record as RolloutRecord),
      reason: "another line",
    });
    const ref = hubs.worlds[1].configuration(REF);
    hubs.worlds[1].edit(REF, { labels: { ...ref?.labels, "wg-head": stray } });
    const { steps, status } = await hubs.look();
    expect(steps).toEqual([]);
    expect(status).toMatchObject({ needsPerson: true });
    expect(status?.text).toMatch(/REF_(DIVERGED|REWOUND)/);
  });
});
