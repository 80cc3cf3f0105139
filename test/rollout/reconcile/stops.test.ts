import { describe, expect, it } from "vitest";
import { LABEL, refSlotOf } from "../../../rollout/model/labels.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import {
  aWorld,
  ATTEMPT,
  BASELINE,
  Crash,
  crashAt,
  headRecord,
  HOUR,
  inCanary,
  PRODUCT,
  REF,
  rest,
  stateOf,
} from "./in-canary.ts";

// What an operator relies on: each stop lands, is told truly, and is not undone.

function stop(
  world: World,
  kind: "abort" | "hold",
  reason: string,
  version?: string,
): ReturnType<typeof stopRelease> {
  const named = version === undefined ? {} : { version };
  return stopRelease({ kind, product: "thermostat", actor: "operator", reason, ...named }, world.ports);
}

const toEveryone = (...versions: readonly string[]): Declared =>
  declared(
    ...versions.map((version) =>
      aRelease(version, { waves: [{ name: "everyone", cohort: percent(100), kind: "smoke" }] }),
    ),
  );
const FIRST = toEveryone("1.1.0");
const BOTH = toEveryone("1.1.0", "1.2.0");

function aWorldOfThree(): World {
  return createWorld({
    devices: aFleet(24),
    version: "1.0.0",
    images: imagesOf("1.0.0", "1.1.0", "1.2.0"),
  });
}

describe("a second hold", () => {
  it("is a stop of its own, on the ref and in the chain", async () => {
    const world = await inCanary();
    await stop(world, "hold", "first");
    await rest(world);
    const { writes } = await stop(world, "hold", "second");
    expect(writes).toBe(2);
    await rest(world);
    const reasons = [...world.records.values()].flatMap(({ stops }) => stops.map(({ reason }) => reason));
    expect(reasons).toEqual(["first", "second"]);
    expect(refSlotOf(world.configuration(REF)?.labels ?? {}, ATTEMPT)).toBeUndefined();
  });

  it("holds a release whose resume died half-way", async () => {
    const world = await inCanary();
    await stop(world, "hold", "first");
    await rest(world);
    crashAt(world, "before", `replace ${ATTEMPT}`);
    await expect(
      resume(PRODUCT, world.ports, { actor: "operator", queryLagMs: 0, reason: "fine" }),
    ).rejects.toThrow(Crash);
    world.fault = () => undefined;
    await stop(world, "hold", "second");
    world.advance(40 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });
});

describe("an abort by version", () => {
  it("stops a release that is started and not exposed yet", async () => {
    const world = aWorld();
    crashAt(world, "before", `replace ${ATTEMPT}`);
    await expect(rest(world)).rejects.toThrow(Crash);
    world.fault = () => undefined;
    await stop(world, "abort", "not that one", "1.1.0");
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("stops a release whose configuration was deleted, as the hint of its resume says", async () => {
    const world = await inCanary();
    world.remove(ATTEMPT);
    await rest(world);
    await expect(
      resume(PRODUCT, world.ports, { actor: "operator", queryLagMs: 0, reason: "fine" }),
    ).rejects.toMatchObject({ code: "REF_LOST" });
    await stop(world, "abort", "gone", "1.1.0");
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
  });

  it("stops a release whose labels somebody cleared", async () => {
    const world = await inCanary();
    world.edit(ATTEMPT, { labels: {} });
    await stop(world, "abort", "overheats");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
  });
});

describe("a stop that cannot land", () => {
  it("says that it is not in force", async () => {
    const world = await inCanary();
    let edits = 0;
    world.fault = ({ when, call }) => {
      if (when !== "before" || call !== `replace ${ATTEMPT}`) return;
      edits += 1;
      world.edit(ATTEMPT, { labels: { ...world.configuration(ATTEMPT)?.labels, noise: String(edits) } });
    };
    await expect(stop(world, "abort", "stop")).rejects.toMatchObject({
      code: "HUB_CONFLICT",
      message: expect.stringContaining("NOT in force") as string,
    });
  });
});

describe("a tombstone", () => {
  it("stops a release that a hub which went back in time still runs", async () => {
    const world = await inCanary();
    world.tombstones.add(world.configuration(ATTEMPT)?.labels[LABEL.release] ?? "");
    world.advance(4 * HOUR);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toMatch(/^roll/);
  });
});

describe("taking back", () => {
  it("is not finished before the hub can have told the devices and their answers can be counted", async () => {
    const world = aWorld();
    await rest(world);
    await stop(world, "abort", "before anybody answered");
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
    world.advance(10 * 60_000);
    await rest(world);
    expect(stateOf(world)).toBe("rolled back");
  });
});

describe("a baseline that was adopted", () => {
  it("and emptied in the portal after a stop is not filled again", async () => {
    const world = await inCanary();
    await stop(world, "abort", "stop");
    await rest(world);
    world.edit(BASELINE, { condition: "" });
    await rest(world);
    expect(world.exposed(BASELINE).size).toBe(0);
  });

  it("catches devices of a release above one that a person had narrowed", async () => {
    const world = aWorldOfThree();
    await rest(world, FIRST);
    world.edit(ATTEMPT, { condition: "tags.rollout.stratum = 'A'" });
    await rest(world, FIRST);
    await rest(world, BOTH);
    world.settle(() => "ok");
    expect(world.exposed("fw--thermostat--1-2-0--1").size).toBe(24);
    await stop(world, "abort", "stop", "1.2.0");
    expect(world.exposed("fw--thermostat--1-2-0--1").size).toBe(0);
    const caught = world.exposed(ATTEMPT).union(world.exposed(BASELINE));
    expect(caught.size).toBe(24);
  });
});

describe("a portal edit of a release that is over", () => {
  it("does not bring it back", async () => {
    const world = aWorldOfThree();
    await rest(world, FIRST);
    await rest(world, BOTH);
    world.edit(ATTEMPT, { priority: 5_000 });
    await rest(world, BOTH);
    expect(headRecord(world).intents.map(({ version, state }) => `${version} ${state}`)).toEqual([
      "1.0.0 adopted",
      "1.1.0 superseded",
      "1.2.0 running",
    ]);
  });
});

describe("a smoke wave", () => {
  it("does not pass on devices that fell silent, even where its bake is the deadline", async () => {
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const lag = { actor: "test", queryLagMs: 35 * 60_000 };
    await rest(world);
    // One canary of six is well, the others make contact and say nothing.
    let told = 0;
    const behave = (): "ok" | "silent" => (told++ === 0 ? "ok" : "silent");
    for (let looks = 0; looks < 60; looks++) {
      world.settle(behave);
      await reconcile(PRODUCT, world.ports, lag);
      world.advance(5 * 60_000);
    }
    expect(stateOf(world)).toMatch(/^roll/);
    expect([...world.records.values()].some(({ kind }) => kind === "promote")).toBe(false);
  });
});

describe("a configuration that was deleted and made again", () => {
  it("is not the one that the record means: it is held, and exposes nobody", async () => {
    const world = await inCanary();
    await rest(world);
    const found = world.configuration(ATTEMPT);
    if (found === undefined) throw new Error("the canary has no configuration");
    world.remove(ATTEMPT);
    world.advance(1_000);
    await world.hub.create({ ...found, condition: "" });
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(headRecord(world).reason).toMatch(/REF_LOST/);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });
});

describe("a stop of what exposes nobody yet", () => {
  it("stands on the ref first: a deletion of the configuration would not take it along", async () => {
    const world = aWorld();
    crashAt(world, "before", `replace ${ATTEMPT}`);
    await expect(rest(world)).rejects.toThrow(Crash);
    const writes: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "after" && call.startsWith("replace")) writes.push(call);
    };
    await stop(world, "abort", "not that one");
    expect(writes).toEqual([`replace ${REF}`, `replace ${ATTEMPT}`]);
  });
});
