import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { StopKind } from "../../../rollout/model/stop.ts";
import type { Change, ProductPlan } from "../../../rollout/plan/product-plan.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import type { Effect } from "../../../rollout/reconcile/act.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, BASELINE, Crash, crashAt, HOUR, look } from "./in-canary.ts";

// What a plan says the next runs would do, against what they do.

const VERSIONS = ["1.1.0", "1.2.0", "1.3.0", "1.4.0"];
const RELEASES = VERSIONS.map((version) =>
  aRelease(version, {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);

function aWorld(): World {
  return createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", ...VERSIONS) });
}

async function planOf(world: World, product: Declared): Promise<ProductPlan> {
  const { plan } = await observeProduct(product, { ...world.ports, settings: { queryLag: 0 } });
  if (plan.kind !== "known") throw new Error(plan.kind);
  return plan.value;
}

/** Until nothing is left to do at this instant; what was done. */
async function effects(world: World, product: Declared): Promise<readonly Effect[]> {
  const all: Effect[] = [];
  for (;;) {
    const { steps } = await look(world, product);
    if (steps.length === 0) return all;
    all.push(...steps);
  }
}

function lines(changes: readonly Change[]): string[] {
  return changes.map(({ kind, version, id, reason }) => `${kind} ${version ?? id}: ${reason}`);
}

function due({ changes }: ProductPlan): string[] {
  return changes.filter((change) => change.due).map(({ kind, id }) => `${kind} ${id}`);
}

/**
 * What a plan would have called these effects, up to the first decision that is a gate's or the clock's: promoting,
 * completing, settling, aborting, being back. What follows a record by itself (its own check-out) is part of it.
 */
function told(world: World, done: readonly Effect[]): string[] {
  const words: string[] = [];
  const known = new Set<string>();
  const say = (word: string, id: string): void => {
    words.push(`${word} ${id}`);
    known.add(id);
  };
  for (const effect of done) {
    switch (effect.kind) {
      case "create":
        for (const { document } of effect.creates)
          if (!document.labels["wg-adopted"]) words.push(`create ${document.id}`);
        break;
      case "record": {
        const { kind, subject, parent, intents } = effect.record;
        const before = parent === null ? undefined : world.records.get(parent);
        const become = intents.filter(
          ({ attempt, state }) =>
            before?.intents.find((intent) => intent.attempt === attempt)?.state !== state &&
            !known.has(attempt),
        );
        if (kind === "create") words.push("create wg--thermostat");
        else if (kind === "adopt") say("adopt", subject ?? "");
        else if (kind === "start") {
          for (const { attempt, state } of become) if (state === "superseded") say("supersede", attempt);
          say("start", subject ?? "");
        } else if (kind === "retire") say("retire", subject ?? "");
        // A hold of what is over is recorded, and changes nothing.
        else if (effect.record.stops.length > 0) for (const { attempt } of become) say("narrow", attempt);
        else return words;
        break;
      }
      case "write":
        for (const { document } of effect.writes) {
          const { id } = document;
          if (id === "wg--thermostat" || known.has(id)) continue;
          if (document.labels["wg-retired"] === "yes") say("retire", id);
          else say(document.condition === "" || effect.why.startsWith("hold") ? "narrow" : "widen", id);
        }
        break;
      case "stop":
        // A gate's. One that is only copied to where it does not stand yet is told of when it is recorded.
        if (effect.recorded === undefined) return words;
        break;
      case "grant":
      case "remove":
      case "mark":
        break;
    }
  }
  return words;
}

describe("the changes of a plan", () => {
  it("of a fresh product are its ref, its baseline and the first wave; later waves wait for their gates", async () => {
    const plan = await planOf(aWorld(), declared(RELEASES[0]!));
    expect(lines(plan.changes)).toEqual([
      "create wg--thermostat: the configuration that names the product's records; it reaches no device",
      "adopt 1.0.0: what the devices run today becomes the baseline; no device is written to",
      "create 1.1.0: its configuration fw--thermostat--1-1-0--1, for nobody yet",
      'start 1.1.0: opens wave "canary" with 6 devices',
      'widen 1.1.0: opens wave "everyone" with 18 more when the gate promotes "canary"',
    ]);
  });

  it("keep what stays, and say why, through a release's whole life", async () => {
    const world = aWorld();
    const one = declared(RELEASES[0]!);
    const now = async (product = one): Promise<string[]> => lines((await planOf(world, product)).changes);
    await effects(world, one);
    world.settle(() => "ok");
    const baseline = "keep 1.0.0: is what devices return to; for nobody until a release is taken back";
    expect(await now()).toEqual([
      'keep 1.1.0: wave "canary" (1 of 2); "everyone" opens when its gate promotes',
      baseline,
    ]);
    await stopRelease({ kind: "hold", product: "thermostat", actor: "ada", reason: "odd" }, world.ports);
    expect(await now()).toEqual(['narrow 1.1.0: is held at wave "canary" (1 of 2): ada: odd', baseline]);
    await effects(world, one);
    expect(await now()).toEqual(['keep 1.1.0: stays at wave "canary" (1 of 2): held by ada: odd', baseline]);
    const two = declared(...RELEASES.slice(0, 2));
    expect((await now(two)).slice(0, 3)).toEqual([
      "create 1.2.0: its configuration fw--thermostat--1-2-0--1, for nobody yet",
      'supersede 1.1.0: frozen at wave "canary" (1 of 2): 1.2.0 takes over',
      'start 1.2.0: opens wave "canary" with 6 devices',
    ]);
    await resume(one, world.ports, { actor: "ada", queryLagMs: 0, reason: "fine" });
    expect(await now()).toEqual([
      'keep 1.1.0: wave "canary" (1 of 2); "everyone" opens when its gate promotes',
      baseline,
    ]);
    await effects(world, one);
    for (let wave = 0; wave < 3; wave++) {
      world.advance(4 * HOUR);
      await effects(world, one);
      world.settle(() => "ok");
    }
    expect(await now()).toEqual([
      "keep 1.1.0: has reached everyone; watched until 2026-01-02 12:00",
      baseline,
    ]);
    await stopRelease({ kind: "abort", product: "thermostat", actor: "ada", reason: "late" }, world.ports);
    expect((await now())[0]).toBe("narrow 1.1.0: is taken back: ada: late");
    await effects(world, one);
    expect(await now()).toEqual([
      "keep 1.1.0: is for nobody: its devices are on their way back",
      "keep 1.0.0: is what devices returned to",
    ]);
    world.settle(() => "ok");
    world.advance(HOUR);
    await effects(world, one);
    expect((await now())[0]).toBe("keep 1.1.0: is for nobody: it was taken back");
  });

  it("tell of a halt, before it is recorded and after", async () => {
    const world = aWorld();
    const one = declared(RELEASES[0]!);
    await effects(world, one);
    world.settle(() => "ok");
    await stopRelease({ kind: "halt", product: "thermostat", actor: "ada", reason: "enough" }, world.ports);
    const plan = await planOf(world, one);
    expect(lines(plan.changes)[0]).toBe('narrow 1.1.0: is halted at wave "canary" (1 of 2): ada: enough');
    expect(told(world, await effects(world, one))).toEqual(due(plan));
    expect(lines((await planOf(world, one)).changes)[0]).toBe(
      'keep 1.1.0: stays at wave "canary" (1 of 2): it was halted',
    );
  });

  it("name what was edited, deleted, and what no record knows", async () => {
    const world = aWorld();
    const one = declared(RELEASES[0]!);
    await effects(world, one);
    world.edit(ATTEMPT, { condition: "tags.product = 'thermostat'" });
    expect(lines((await planOf(world, one)).changes)[0]).toBe(
      "narrow 1.1.0: it was edited outside wavegate: what both name stays, and it is held",
    );
    world.remove(ATTEMPT);
    expect(lines((await planOf(world, one)).changes)[0]).toMatch(
      /^narrow 1.1.0: REF_LOST: .* deleted on memory/,
    );
    const found = world.configuration(BASELINE);
    if (found === undefined) throw new Error("no baseline");
    await world.hub.create({ ...found, id: "fw--thermostat--0-1-0--1" });
    expect(lines((await planOf(world, one)).changes)).toContain(
      "keep 1.0.0: no record knows it; it is for nobody, and nothing is done to it",
    );
  });

  it("widen what is recorded and not written yet, after a crash", async () => {
    const world = aWorld();
    const one = declared(RELEASES[0]!);
    crashAt(world, "before", `replace ${ATTEMPT}`);
    await expect(effects(world, one)).rejects.toThrow(Crash);
    world.fault = () => undefined;
    const plan = await planOf(world, one);
    expect(lines(plan.changes)[0]).toBe(
      'widen 1.1.0: its condition becomes what the records say at wave "canary" (1 of 2)',
    );
    expect(told(world, await effects(world, one))).toEqual(due(plan));
  });

  it("retire what nobody falls back to, and tell what goes later", async () => {
    const world = aWorld();
    for (const count of [1, 2]) await complete(world, declared(...RELEASES.slice(0, count)));
    const two = declared(...RELEASES.slice(0, 2));
    // Its watch is over, and it settles with the next look.
    expect(due(await planOf(world, two))).toEqual([]);
    await look(world, two);
    await effects(world, two);
    world.advance(2 * HOUR);
    const three = declared(...RELEASES.slice(0, 3));
    expect(lines((await planOf(world, three)).changes).slice(-3)).toEqual([
      "keep 1.2.0: has reached everyone and is what devices return to",
      "keep 1.1.0: has reached everyone and is what devices return to",
      "retire 1.0.0: is deleted an hour after it was emptied",
    ]);
    await complete(world, three);
    await look(world, three);
    const plan = await planOf(world, three);
    expect(lines(plan.changes)).toMatchInlineSnapshot(`
      [
        "keep 1.3.0: has reached everyone and is what devices return to",
        "keep 1.2.0: has reached everyone and is what devices return to",
        "retire 1.1.0: is deleted an hour after it was emptied",
      ]
    `);
  });

  it("are those of a hub whose records are lost to nobody's surprise: there is no plan", async () => {
    const world = aWorld();
    await effects(world, declared(RELEASES[0]!));
    world.records.clear();
    const { plan } = await observeProduct(declared(RELEASES[0]!), {
      ...world.ports,
      settings: { queryLag: 0 },
    });
    expect(plan).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("RECORD_BROKEN") as string,
    });
  });
});

type Event =
  | { readonly kind: "look" | "complete" | StopKind | "resume" | "declare" | "edit" | "delete" }
  | { readonly kind: "settle"; readonly behave: "ok" | "failed" | "silent" }
  | { readonly kind: "advance"; readonly hours: number }
  /** A run that dies at one of its calls. */
  | { readonly kind: "crash"; readonly call: number };

const EVENT: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Event>({ kind: "look" }) },
  { weight: 4, arbitrary: fc.constantFrom(4, 25, 30).map((hours): Event => ({ kind: "advance", hours })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom("ok", "ok", "ok", "failed", "silent")
      .map((behave): Event => ({ kind: "settle", behave })),
  },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: "complete" }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }).map((call): Event => ({ kind: "crash", call })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("hold", "halt", "abort", "resume", "declare", "declare", "edit", "delete")
      .map((kind): Event => ({ kind })),
  },
);

describe("a plan and the runs after it", () => {
  test.prop([fc.array(EVENT, { minLength: 8, maxLength: 30 })], { numRuns: 80 })(
    "agree on what is done first, and a plan made twice is one plan",
    async (events) => {
      const world = aWorld();
      let count = 1;
      for (const event of events) {
        const product = declared(...RELEASES.slice(0, count));
        const stop = { product: "thermostat", actor: "ada", reason: "r" };
        const newest = [...world.records.values()].at(-1)?.intents.at(-1)?.attempt ?? "";
        switch (event.kind) {
          case "look":
            await look(world, product);
            break;
          case "complete":
            await complete(world, product);
            break;
          case "crash":
            await crash(world, product, event.call);
            break;
          case "advance":
            world.advance(event.hours * HOUR);
            break;
          case "settle":
            world.settle(() => event.behave);
            break;
          case "declare":
            count = Math.min(RELEASES.length, count + 1);
            break;
          case "hold":
          case "halt":
          case "abort":
            await stopRelease({ ...stop, kind: event.kind }, world.ports).catch(expectRefusal);
            break;
          case "resume":
            await resume(product, world.ports, { actor: "ada", queryLagMs: 0, reason: "r" }).catch(
              expectRefusal,
            );
            break;
          case "edit":
            if (world.configuration(newest) !== undefined) world.edit(newest, { condition: "" });
            break;
          case "delete":
            if (world.configuration(newest) !== undefined) world.remove(newest);
            break;
        }
      }
      const product = declared(...RELEASES.slice(0, count));
      const plan = await planOf(world, product);
      expect((await planOf(world, product)).digest).toBe(plan.digest);
      // Each configuration that stands is told of once, among what is done and what stays.
      const standing = (await world.hub.list()).configurations
        .map(({ id }) => id)
        .filter((id) => id.startsWith("fw--"));
      for (const id of standing) {
        const own = plan.changes.filter((change) => change.id === id);
        expect(own.filter(({ kind }) => kind !== "widen" || own.length === 1).length, id).toBeGreaterThan(0);
        if (id !== plan.release?.attempt) expect(own, id).toHaveLength(1);
      }
      if (plan.problems.some(({ severity }) => severity === "error")) return;
      const done = told(world, await effects(world, product));
      const expected = due(plan);
      // A gate may come first: nothing is told of what it does. What is done before it is what was planned.
      const both = Math.min(done.length, expected.length);
      expect(done.slice(0, both), `planned ${expected.join(", ")}`).toEqual(expected.slice(0, both));
    },
    60_000,
  );
});

/** Whatever runs goes on to its end, and past its watch; what follows on that is left to do. */
async function complete(world: World, product: Declared): Promise<void> {
  for (let wave = 0; wave < 3; wave++) {
    await effects(world, product);
    world.settle(() => "ok");
    // Its bake begins with the look that sees its contacts.
    await effects(world, product);
    world.advance(4 * HOUR);
  }
  await effects(world, product);
  world.advance(25 * HOUR);
}

/** A look that ends at its n-th call of hub or store, before or after it took effect. */
async function crash(world: World, product: Declared, call: number): Promise<void> {
  let left = call;
  world.fault = () => {
    left -= 1;
    if (left === 0) throw new Crash("here");
  };
  await look(world, product).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
  world.fault = () => undefined;
}

function expectRefusal(error: unknown): void {
  expect(error).toMatchObject({ name: "WavegateError" });
}
