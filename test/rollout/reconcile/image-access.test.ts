import { describe, expect, it } from "vitest";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { secret } from "../../../rollout/model/secret.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { accessDocument } from "../../../rollout/plan/image-access.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import {
  reconcile,
  type ReconcileEvent,
  type ReconcileResult,
} from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { anArtifact } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, aWorld, BASELINE, HOUR, PRODUCT, stateOf } from "./in-canary.ts";

// The world's hub stores keys as its adapter shows them: which image has one, and no key.

const ON_DEMAND = withAccess("on-demand");
const LIFE_MS = 24 * HOUR;
const KEY = "sv=2026&sp=r&sig=THIS-MUST-NOT-BE-SEEN";

function withAccess(access: "public" | "on-demand"): Declared {
  const { thermostat } = PRODUCT.fleet.products;
  return { ...PRODUCT, fleet: { ...PRODUCT.fleet, products: { thermostat: { ...thermostat!, access } } } };
}

/** A store that gives keys, until it is told to refuse. */
function aLockedWorld(): World & { readonly store: { refuses: boolean; signed: string[][] } } {
  const world = aWorld();
  const store: { refuses: boolean; signed: string[][] } = { refuses: false, signed: [] };
  const keys = {
    lifeMs: LIFE_MS,
    sign(paths: readonly string[]) {
      if (store.refuses)
        return Promise.reject(
          new WavegateError("IMAGE_STORE_FAILED", "no Delegator role", { hint: "give it that role" }),
        );
      store.signed.push([...paths]);
      return Promise.resolve(new Map(paths.map((path) => [path, secret(KEY)])));
    },
  };
  const ports = { ...world.ports, images: { ...world.ports.images, keys } };
  return Object.assign(world, { ports, store });
}

function look(world: World, product = ON_DEMAND, events: ReconcileEvent[] = []): Promise<ReconcileResult> {
  const onEvent = (event: ReconcileEvent): void => void events.push(event);
  return reconcile(product, world.ports, { actor: "test", queryLagMs: 0, onEvent });
}

/** Until nothing is left to do at this instant; what was done. */
async function rest(world: World, product = ON_DEMAND): Promise<ReconcileResult & { done: string[] }> {
  const done: string[] = [];
  for (;;) {
    const result = await look(world, product);
    done.push(...result.steps.map(({ kind }) => kind));
    if (result.steps.length === 0) return { ...result, done };
  }
}

async function grants(world: World): Promise<readonly string[]> {
  const { configurations } = await world.hub.list();
  return configurations.filter(({ labels }) => labels["wg-kind"] === "access").map(({ id }) => id);
}

function keysOf(world: World, deviceId: string): unknown {
  return world.devices.get(deviceId).desired.value["firmwareAccess"];
}

function want(world: World, deviceId: string, fwSource: string): void {
  world.devices.mergeReported(deviceId, { firmware: { fwSource } });
  world.settle(() => "silent");
}

describe("a product whose images open with keys", () => {
  it("gives its baseline's and its release's before the first device is told of the release", async () => {
    const world = aLockedWorld();
    const { done, problems } = await rest(world);
    expect(problems).toBeUndefined();
    // Of the ref and the baseline nobody hears, so that nobody needs a key to it.
    expect(done.join(" ")).toMatch(/^(record|create|mark| )+create grant record (mark )?write$/);
    expect(world.store.signed).toEqual([[anArtifact("1.1.0").path, anArtifact("1.0.0").path]]);
    expect(await grants(world)).toHaveLength(1);
    expect(world.configuration(ATTEMPT)?.content).toMatchObject({
      "properties.desired.firmware": { fwAccess: "on-demand" },
    });
  });

  it("gives them to exactly the devices that want one, for as long as they do", async () => {
    const world = aLockedWorld();
    await rest(world);
    world.settle(() => "silent");
    expect([...world.devices.all()].filter(({ deviceId }) => keysOf(world, deviceId) !== undefined)).toEqual(
      [],
    );
    want(world, "device-0", "wanted");
    const having = [...world.devices.all()].filter(({ deviceId }) => keysOf(world, deviceId) !== undefined);
    expect(having.map(({ deviceId }) => deviceId)).toEqual(["device-0"]);
    expect(Object.keys(keysOf(world, "device-0") as object).toSorted()).toEqual(
      [anArtifact("1.0.0").sha256, anArtifact("1.1.0").sha256].toSorted(),
    );
    want(world, "device-0", "");
    expect(keysOf(world, "device-0")).toBeUndefined();
    // Another product's devices want nothing of this one's.
    world.devices.register({ deviceId: "press-1", tags: { product: "press" } });
    want(world, "press-1", "wanted");
    expect(keysOf(world, "press-1")).toBeUndefined();
  });

  it("renews them at half of their life, and drops the old ones an hour later; between it writes nothing", async () => {
    const world = aLockedWorld();
    await rest(world);
    const [first] = await grants(world);
    want(world, "device-0", "wanted");
    world.advance(LIFE_MS / 2 - 1_000);
    expect((await rest(world)).done).not.toContain("grant");
    world.advance(1_000);
    expect((await rest(world)).done).toEqual(["grant"]);
    const both = await grants(world);
    expect(both).toHaveLength(2);
    world.settle(() => "silent");
    // The one that was created last wins.
    expect(keysOf(world, "device-0")).toBeDefined();
    world.advance(HOUR);
    expect((await rest(world)).done).toContain("remove");
    const [second, ...more] = await grants(world);
    expect(more).toEqual([]);
    expect(second).not.toBe(first);
    world.settle(() => "silent");
    expect(keysOf(world, "device-0")).toBeDefined();
  });

  it("costs a look nothing while there is nothing to renew", async () => {
    const lookOf = async (product: Declared): Promise<string[]> => {
      const world = aLockedWorld();
      await rest(world, product);
      world.settle(() => "ok");
      world.advance(HOUR);
      await look(world, product);
      const calls: string[] = [];
      world.fault = ({ when, call }) => {
        if (when === "before") calls.push(call);
      };
      world.advance(60_000);
      await look(world, product);
      return calls;
    };
    expect(await lookOf(ON_DEMAND)).toEqual(await lookOf(PRODUCT));
  });

  it("is judged ten minutes later: a device may just have missed an evaluation", async () => {
    const bakesUntil = async (product: Declared): Promise<number> => {
      const world = aLockedWorld();
      await rest(world, product);
      world.settle(() => "ok");
      const { status } = await reconcile(product, world.ports, { actor: "test", queryLagMs: 40 * 60_000 });
      return (status?.notBefore ?? 0) - world.now();
    };
    expect((await bakesUntil(ON_DEMAND)) - (await bakesUntil(PRODUCT))).toBe(10 * 60_000);
  });

  it("needs neither the record store nor its own file for them: a way back may hang on it", async () => {
    const world = aLockedWorld();
    await rest(world);
    world.advance(LIFE_MS / 2);
    world.fault = ({ call }) => {
      if (["get record", "taken mark", "tombstones", "looks", "put record"].includes(call))
        throw new WavegateError("RECORD_STORE_FAILED", "silent", { hint: "" });
    };
    const { steps, status } = await look(world, { ...ON_DEMAND, releases: [] });
    expect(steps.map(({ kind }) => kind)).toEqual(["grant"]);
    expect(status?.text).toContain("record store");
  });

  it("starts nothing while no keys can be given, and says why", async () => {
    const world = aLockedWorld();
    world.store.refuses = true;
    const events: ReconcileEvent[] = [];
    await look(world, ON_DEMAND, events);
    const { problems, steps } = await look(world, ON_DEMAND, events);
    expect(steps).toEqual([]);
    expect(problems).toMatchObject([
      { code: "ACCESS_MISSING", summary: "IMAGE_STORE_FAILED: no Delegator role" },
    ]);
    expect(problems?.[0]?.hint).toBe("give it that role");
    expect(events.some(({ kind }) => kind === "trouble")).toBe(true);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    world.store.refuses = false;
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("grows while the keys that stand are good, and no further once they are not", async () => {
    const world = aLockedWorld();
    await rest(world);
    world.settle(() => "ok");
    await rest(world);
    world.store.refuses = true;
    world.advance(LIFE_MS / 2 + HOUR);
    await rest(world);
    const open = world.exposed(ATTEMPT).size;
    expect(open).toBeGreaterThan(6);
    world.advance(LIFE_MS / 2);
    world.settle(() => "ok");
    const { problems } = await rest(world);
    expect(problems).toMatchObject([{ code: "ACCESS_MISSING" }]);
    world.advance(12 * HOUR);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(open);
  });

  it("is stopped and taken back without any key", async () => {
    const world = aLockedWorld();
    await rest(world);
    world.settle(() => "ok");
    world.store.refuses = true;
    world.advance(2 * LIFE_MS);
    await stopRelease({ kind: "abort", product: "thermostat", actor: "test", reason: "smoke" }, world.ports);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(world.exposed(BASELINE).size).toBe(6);
    world.settle(() => "ok");
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
    world.advance(HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("rolled back");
    // Its devices come back meanwhile: as soon as the store signs again, they have the baseline's key.
    world.store.refuses = false;
    await rest(world);
    expect(world.store.signed.at(-1)).toContain(anArtifact("1.0.0").path);
  });

  it("is given new keys when somebody edits whom they are for, and the edited ones go", async () => {
    const world = aLockedWorld();
    await rest(world);
    const [edited] = await grants(world);
    world.edit(edited!, { condition: "*" });
    world.advance(1_000);
    expect((await rest(world)).done).toEqual(["grant"]);
    world.advance(HOUR);
    await rest(world);
    expect(await grants(world)).not.toContain(edited);
    // It is no edit of the rollout: nothing is held.
    expect(stateOf(world)).toBe("running");
    for (const id of await grants(world)) world.remove(id);
    world.advance(1_000);
    expect((await rest(world)).done).toEqual(["grant"]);
  });

  it("keeps them as long as a release stands that needs them, whatever fleet.ts says now", async () => {
    const world = aLockedWorld();
    await rest(world);
    world.advance(LIFE_MS / 2);
    expect((await rest(world, withAccess("public"))).done).toContain("grant");
    world.advance(HOUR);
    await rest(world, withAccess("public"));
    expect(await grants(world)).toHaveLength(1);
  });

  it("tells nobody a key: no step, event, record, look, plan or listing holds one", async () => {
    const world = aLockedWorld();
    const events: ReconcileEvent[] = [];
    const seen: unknown[] = [];
    for (let hours = 0; hours < 40; hours += 4) {
      seen.push(await look(world, ON_DEMAND, events));
      world.settle(() => "ok");
      world.advance(4 * HOUR);
    }
    expect(world.store.signed.length).toBeGreaterThan(1);
    const settings = { queryLag: 0, lookEvery: 300_000 };
    const plan = await observeProduct(ON_DEMAND, { ...world.ports, settings });
    const records = await world.ports.records.contents("thermostat");
    const listing = await world.hub.list();
    const everything = {
      events,
      seen,
      plan,
      listing,
      records: records.folders,
      all: [...world.records.values()],
    };
    const text = JSON.stringify(everything, (_, value: unknown) =>
      value instanceof Map ? [...value] : value,
    );
    expect(text).toContain("***");
    expect(text).not.toContain("MUST-NOT-BE-SEEN");
  });

  it("has the same plan after a renewal: nothing that was reviewed has changed", async () => {
    const world = aLockedWorld();
    await rest(world);
    const settings = { queryLag: 0 };
    const digest = async (): Promise<string> => {
      const { plan } = await observeProduct(ON_DEMAND, { ...world.ports, settings });
      return plan.kind === "known" ? plan.value.digest : plan.kind;
    };
    const before = await digest();
    world.advance(LIFE_MS / 2);
    const { done } = await rest(world);
    expect(done).toContain("grant");
    expect(await digest()).toBe(before);
  });
});

describe("a product whose images are public", () => {
  it("has no configuration of that kind, and its store is never asked for a key", async () => {
    const world = aLockedWorld();
    const { done } = await rest(world, PRODUCT);
    expect(done).not.toContain("grant");
    expect(await grants(world)).toEqual([]);
    expect(world.store.signed).toEqual([]);
  });

  it("is rid of keys that open nothing of it any more", async () => {
    const world = aLockedWorld();
    await rest(world, PRODUCT);
    const { sha256 } = anArtifact("0.9.0");
    const times = { issuedAt: world.now(), expiresAt: world.now() + LIFE_MS };
    await world.hub.create(accessDocument({ product: "thermostat", keys: { [sha256]: "" }, ...times }));
    await world.hub.create(accessDocument({ product: "press", keys: { [sha256]: "" }, ...times }));
    await rest(world, PRODUCT);
    // Another product's are that product's business.
    expect(await grants(world)).toEqual([`wg-access--press--${times.issuedAt}`]);
  });
});
