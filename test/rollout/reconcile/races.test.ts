import { describe, expect, it } from "vitest";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { override } from "../../../rollout/reconcile/override.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { evidenceDigest } from "../../../rollout/model/evidence.ts";
import type { World } from "../../support/world.ts";
import {
  ATTEMPT,
  headRecord,
  HOUR,
  inCanary,
  look,
  PRODUCT,
  REF,
  rest,
  stateOf,
  intentOf,
} from "./in-canary.ts";

// "Next group" by hand and by the scheduler at one time marked a group finished that had running actions (hawkbit#1853).

const CALLS = ["put record", `replace ${REF}`, "mark", `replace ${ATTEMPT}`] as const;
const MOMENTS = CALLS.flatMap((call) => (["before", "after"] as const).map((when) => [when, call] as const));

/** The canary has baked: whoever looks next promotes. */
async function baked(): Promise<World> {
  const world = await inCanary();
  await rest(world);
  world.advance(4 * HOUR);
  return world;
}

/** Let somebody else act, once, around one call of ours. */
function meanwhile(
  world: World,
  [when, call]: (typeof MOMENTS)[number],
  other: () => Promise<unknown>,
): { readonly done: () => boolean } {
  let done = false;
  world.fault = async (at) => {
    if (done || at.when !== when || at.call !== call) return;
    done = true;
    await other();
  };
  return { done: () => done };
}

/** Kinds of the records from the head back to the first: what was taken, not what was written. */
function chain(world: World): readonly string[] {
  const kinds: string[] = [];
  for (let record = headRecord(world); ;) {
    kinds.unshift(record.kind);
    const parent = record.parent === null ? undefined : world.records.get(record.parent);
    if (parent === undefined) return kinds;
    record = parent;
  }
}

describe("two that promote at one time", () => {
  it.each(MOMENTS)("open one wave, the second acting %s %s of the first", async (...moment) => {
    const world = await baked();
    const other = meanwhile(world, moment, () => rest(world));
    await look(world);
    await rest(world);
    expect(other.done()).toBe(true);
    expect(chain(world).filter((kind) => kind === "promote")).toHaveLength(1);
    expect(intentOf(world, ATTEMPT).wave).toBe(1);
    expect(world.configuration(ATTEMPT)?.condition).toBe(intentOf(world, ATTEMPT).condition);
  });

  it("open one wave when their calls alternate", async () => {
    const world = await baked();
    world.fault = () => Promise.resolve();
    await Promise.allSettled([look(world), look(world), look(world)]);
    await rest(world);
    expect(chain(world).filter((kind) => kind === "promote")).toHaveLength(1);
    expect(intentOf(world, ATTEMPT).wave).toBe(1);
  });
});

describe("a person who acts while the schedule promotes", () => {
  it.each(MOMENTS)("and overrides %s %s opens no second wave", async (...moment) => {
    const world = await baked();
    const { judgements } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    const [seen] = judgements;
    if (seen?.kind !== "judged") throw new Error("it is not judged");
    const other = meanwhile(world, moment, () =>
      // The gate promotes by itself by now: an override may be refused, but must not count twice.
      override(PRODUCT, world.ports, {
        actor: "alice",
        queryLagMs: 0,
        wave: "canary",
        evidence: evidenceDigest(seen.evidence),
        reason: "now",
        forMs: HOUR,
      }).catch(() => undefined),
    );
    await look(world);
    await rest(world);
    expect(other.done()).toBe(true);
    expect(intentOf(world, ATTEMPT).wave).toBe(1);
    expect(chain(world).filter((kind) => kind === "promote")).toHaveLength(1);
  });

  it.each(MOMENTS)("and aborts %s %s is obeyed", async (...moment) => {
    const world = await baked();
    const other = meanwhile(world, moment, () =>
      stopRelease({ kind: "abort", product: "thermostat", actor: "alice", reason: "smoke" }, world.ports),
    );
    await look(world);
    await rest(world);
    expect(other.done()).toBe(true);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });
});
