import { describe, expect, it } from "vitest";
import { BASELINE, RELEASE, REF } from "../schedule/cast.ts";
import { createWorld, edit, failOver, pass, remove, takeReplica, type World } from "../world/world.ts";
import {
  aboutToOpen,
  aboutToPromote,
  allIsWell,
  controller,
  exposed,
  history,
  HOUR,
  inCanary,
  look,
  meets,
  operator,
  rest,
  stateOf,
  toTheEnd,
  upTo,
} from "./stage.ts";

// What random schedules found in the engine, each with its shortest trace.

describe("faults that random schedules found", () => {
  it("second hold: the first, not recorded yet, keeps its place [protocol §3, 3]", async () => {
    const world = await inCanary();
    world.storeUp = false;
    await toTheEnd(await operator(world, "hold"));
    await toTheEnd(await operator(world, "hold"));
    world.storeUp = true;
    await allIsWell(world);
  });

  it("way back: an abort catches whom a release was given to, though a person emptied or deleted it", async () => {
    for (const byHand of ["empties", "deletes"] as const) {
      const world = await inCanary();
      const canaries = exposed(world);
      if (byHand === "empties") edit(world, 0, RELEASE, () => ({ condition: "" }));
      else remove(world, 0, RELEASE);
      await rest(world);
      expect(exposed(world, 0, BASELINE)).toBe(0);
      await toTheEnd(await operator(world, "abort"));
      expect(exposed(world, 0, BASELINE)).toBe(canaries);
      await allIsWell(world);
    }
  });

  it("settled release widened again: what a person takes out of it stays out [§3, 5.6]", async () => {
    const world = await inCanary();
    for (let looks = 0; looks < 12; looks++) {
      pass(world, 6 * HOUR);
      await rest(world);
    }
    expect(stateOf(world)).toBe("settled");
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await rest(world);
    expect(exposed(world)).toBe(0);
  });

  it("mark goes back: a late mark does not hide what came after it [§3, 5.4]", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "markTaken");
    await meets(cron, "delayed");
    await rest(world);
    takeReplica(world, 0);
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    world.late.shift()?.run();
    failOver(world, 0);
    pass(world, 5 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("held");
  });

  it("head never marked: a hold whose author died before the mark outlives a fail-over [§2, H12]", async () => {
    const world = await inCanary();
    takeReplica(world, 0);
    await toTheEnd(await operator(world, "hold"));
    const ci = await controller(world, "ci");
    await upTo(ci, "markTaken");
    await meets(ci, "crash before");
    await rest(world);
    failOver(world, 0);
    pass(world, 5 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("held");
  });

  it("tombstone without a ref: an aborted release is emptied though the ref is lost [§3, 5.2]", async () => {
    const world = await inCanary();
    await toTheEnd(await operator(world, "abort"));
    await rest(world);
    remove(world, 0, REF);
    edit(world, 0, RELEASE, ({ labels }) => ({
      condition: "*",
      labels: Object.fromEntries(Object.entries(labels).filter(([name]) => !/^wg-(hold|abort)/.test(name))),
    }));
    await look(world);
    expect(exposed(world)).toBe(0);
  });

  it("mark without a ref: an abort is in force though ref, slot and tombstone are gone [§3, 5.2]", async () => {
    const world = await inCanary();
    world.storeUp = false;
    await toTheEnd(await operator(world, "abort"));
    world.storeUp = true;
    const cron = await controller(world);
    await upTo(cron, "putTombstone");
    await meets(cron, "crash before");
    edit(world, 0, RELEASE, ({ labels }) => ({
      condition: "*",
      labels: Object.fromEntries(Object.entries(labels).filter(([name]) => !/^wg-(hold|abort)/.test(name))),
    }));
    remove(world, 0, REF);
    await look(world);
    expect(exposed(world)).toBe(0);
  });

  it("stop on an old listing: its etag may stand for something else by now [§3, 4]", async () => {
    const world = await aboutToPromote();
    const canaries = exposed(world);
    takeReplica(world, 0);
    await rest(world);
    const person = await operator(world, "hold");
    await upTo(person, "tombstones");
    failOver(world, 0);
    await rest(world);
    await toTheEnd(person);
    expect(exposed(world)).toBe(canaries);
    expect(world.oracle.broken).toEqual([]);
  });

  it("stop without the store of what is started and not open yet [§3, 2]", async () => {
    const world = await aboutToOpen();
    world.storeUp = false;
    await toTheEnd(await operator(world, "abort"));
    world.storeUp = true;
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
  });

  it("star in a cover: a baseline that a person opened to all does not bar an abort", async () => {
    const world = await inCanary();
    world.storeUp = false;
    edit(world, 0, BASELINE, () => ({ condition: "*" }));
    await toTheEnd(await operator(world, "abort"));
    expect(exposed(world)).toBe(0);
  });

  it("cover after an edit: a baseline may be given more than it needs, never less", async () => {
    const world = await inCanary();
    const canaries = exposed(world);
    await toTheEnd(await operator(world, "abort"));
    await rest(world);
    edit(world, 0, RELEASE, () => ({ condition: "tags.rollout.stratum = 'B'" }));
    const ci = await controller(world, "ci");
    await upTo(ci, "replace baseline");
    // No etag fences one configuration by another: whoever empties it now is a moment too late for the baseline.
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await toTheEnd(ci);
    await rest(world);
    expect(exposed(world)).toBe(0);
    expect(exposed(world, 0, BASELINE)).toBeGreaterThan(canaries);
  });

  it("stop of what has no record: it is recorded though somebody deleted its configuration [§3, 5.5]", async () => {
    const world = createWorld(1);
    await rest(world, 0);
    const ci = await controller(world, "ci");
    await upTo(ci, "putRecord");
    await meets(ci, "crash before");
    const person = await operator(world, "hold");
    await upTo(person, "replace release");
    await meets(person, "crash before");
    remove(world, 0, RELEASE);
    await rest(world, 2);
    expect(history(world)).toContain("hold");
    await allIsWell(world, 2);
  });

  it("edit of a restored hub: what somebody takes out of it stays out [§3, 5.4]", async () => {
    const world = await inCanary();
    takeReplica(world, 0);
    await complete(world);
    failOver(world, 0);
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(exposed(world)).toBe(0);
    expect(world.oracle.broken).toEqual([]);
  });

  it("restored hub: a release that is complete is held like one that runs [§3, 5.4]", async () => {
    const world = await inCanary();
    const canaries = exposed(world);
    takeReplica(world, 0);
    await complete(world);
    failOver(world, 0);
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(exposed(world)).toBe(canaries);
  });

  it("lost on one hub: a writer that was paused does not widen on the other after the hold [§3, 7]", async () => {
    const world = await aboutToOpen(2);
    const cron = await controller(world);
    await upTo(cron, "replace release");
    remove(world, 1, RELEASE);
    await rest(world);
    expect(stateOf(world)).toBe("held");
    await toTheEnd(cron);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });
});

/** Time passes until 1.1.0 is open to everyone and watched. */
async function complete(world: World): Promise<void> {
  for (let looks = 0; stateOf(world) !== "watching"; looks++) {
    expect(looks).toBeLessThan(40);
    pass(world, HOUR);
    await rest(world);
  }
}
