import { describe, expect, it } from "vitest";
import { BASELINE, RELEASE, REF } from "../schedule/cast.ts";
import { createWorld, edit, failOver, pass, remove, takeReplica } from "../world/world.ts";
import {
  aboutToOpen,
  aboutToPromote,
  allIsWell,
  controller,
  exposed,
  headOf,
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
  upToEffect,
} from "./stage.ts";

// The holes that a first draft of the protocol had, each with its shortest trace [protocol §2].

describe("a stop", () => {
  it("H1: never moves the ref to a record that is not stored", async () => {
    const world = await inCanary();
    const head = headOf(world);
    world.storeUp = false;
    await toTheEnd(await operator(world, "hold"));
    expect(headOf(world)).toBe(head);
    world.storeUp = true;
    await rest(world);
    expect(history(world).at(-1)).toBe("hold");
    await allIsWell(world);
  });

  it("H2: that emptied the release and died is not undone by a check-out", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await meets(cron, "crash before");
    const person = await operator(world, "abort");
    await upTo(person, "replace release", 2);
    await meets(person, "crash after");
    expect(exposed(world)).toBe(0);
    await look(world);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H3: of a release that exposes nothing yet marks the ref first, where no deletion takes it along", async () => {
    const world = await aboutToOpen();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await meets(cron, "crash before");
    const person = await operator(world, "abort");
    await upToEffect(person);
    world.storeUp = false;
    await meets(person, "crash after");
    remove(world, 0, RELEASE);
    world.storeUp = true;
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H7: that stands on the ref alone touches the configuration before it is recorded", async () => {
    const world = await aboutToOpen();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    const person = await operator(world, "abort");
    await upTo(person, "replace ref");
    await meets(person, "crash after");
    const effects = await look(world);
    expect(effects.indexOf("replace release")).toBeLessThan(effects.indexOf("putRecord"));
    await toTheEnd(cron);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H9: freezes at what stands there when it is written, not at what it read", async () => {
    const world = await inCanary();
    const person = await operator(world, "hold");
    await upTo(person, "replace release");
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await toTheEnd(person);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H10: leaves the slot of a stop that came in between", async () => {
    const world = await inCanary();
    world.storeUp = false;
    const person = await operator(world, "hold");
    await upTo(person, "replace release");
    const other = await operator(world, "abort");
    await upTo(other, "replace baseline");
    await meets(other, "crash before");
    await toTheEnd(person);
    world.storeUp = true;
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
    await allIsWell(world);
  });

  it("H10: repeats on a fresh listing, never over what it has not seen", async () => {
    const world = await inCanary();
    const person = await operator(world, "hold");
    await upTo(person, "replace release");
    edit(world, 0, RELEASE, ({ labels }) => ({ labels: { ...labels, owner: "field" } }));
    await person.go();
    await upTo(person, "replace release");
    await toTheEnd(await operator(world, "abort"));
    await toTheEnd(person);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H20: that reached one hub is carried to the other without the store", async () => {
    const world = await inCanary(2);
    world.storeUp = false;
    const person = await operator(world, "abort");
    await upTo(person, "replace ref");
    await meets(person, "crash before");
    expect(exposed(world, 0)).toBe(0);
    expect(exposed(world, 1)).not.toBe(0);
    await look(world);
    expect(exposed(world, 1)).toBe(0);
    await allIsWell(world);
  });

  it("H22: of a release that is not started yet holds it where it is: at nobody", async () => {
    const world = createWorld();
    const cron = await controller(world);
    await upTo(cron, "create release");
    await meets(cron, "crash after");
    edit(world, 0, RELEASE, () => ({ condition: "tags.rollout.ring = 'canary'" }));
    await toTheEnd(await operator(world, "hold"));
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(history(world)).not.toContain("start");
    pass(world, 5 * HOUR);
    await rest(world);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });
});

describe("the gate", () => {
  it("H21: stops before it repairs: what was promoted and is bad now is not exposed first", async () => {
    const world = await aboutToPromote();
    const canaries = exposed(world);
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await meets(cron, "crash before");
    world.defects = { "1.1.0": "late" };
    pass(world, 60 * HOUR);
    const effects = await look(world);
    expect(effects.indexOf("replace release")).toBeLessThan(effects.indexOf("putRecord"));
    expect(exposed(world)).toBe(0);
    expect(exposed(world, 0, BASELINE)).toBe(canaries);
    await allIsWell(world);
  });

  it("H21: stops the hub it reaches while another is away", async () => {
    const world = await inCanary(2);
    world.defects = { "1.1.0": "late" };
    pass(world, 60 * HOUR);
    world.up[1] = false;
    await look(world);
    expect(exposed(world, 0)).toBe(0);
  });

  it("H21: stops without the record store", async () => {
    const world = await inCanary();
    world.defects = { "1.1.0": "late" };
    pass(world, 60 * HOUR);
    world.storeUp = false;
    await look(world);
    expect(exposed(world)).toBe(0);
  });
});

describe("a widening", () => {
  it("H4: creates a configuration empty, so that a late create exposes nobody", async () => {
    const world = createWorld();
    const cron = await controller(world);
    await upTo(cron, "create release");
    await meets(cron, "delayed");
    world.late.shift()?.run();
    expect(world.hubs[0]?.configurations.get(RELEASE)?.document.condition).toBe("");
    await allIsWell(world);
  });

  it("H5: creates before any record exposes, so that what is named and absent was deleted", async () => {
    const world = createWorld();
    const effects = [...(await look(world)), ...(await look(world))];
    const created = effects.indexOf("create release");
    expect(effects.slice(created)).toEqual([
      "create release",
      "putRecord",
      "replace ref",
      "markTaken",
      "replace release",
    ]);
  });

  it("H6: is finished before the head moves on, so that a paused one meets a foreign etag", async () => {
    const world = await aboutToOpen();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await look(world, 2);
    await toTheEnd(cron);
    await rest(world, 2);
    expect(stateOf(world)).toBe("superseded");
    await allIsWell(world, 2);
  });

  it("H8: bears the etag of the listing that decided it, and repairs nothing in place", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    expect(await toTheEnd(cron)).toEqual(["replace release"]);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H8: is not sent on an etag that was read after it was decided", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await meets(cron, "crash before");
    const ci = await controller(world, "ci");
    await upTo(ci, "tombstones");
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await toTheEnd(ci);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H11: whose record is stored and not taken is no rewind", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "replace ref");
    await meets(cron, "crash before");
    await rest(world);
    expect(history(world).at(-1)).toBe("promote");
    await allIsWell(world);
  });

  it("H13: is not sent on etags that repeat after a fail-over", async () => {
    const world = await aboutToPromote();
    takeReplica(world, 0);
    const cron = await controller(world);
    await upTo(cron, "count", 2);
    await toTheEnd(await operator(world, "abort"));
    failOver(world, 0);
    expect(await toTheEnd(cron)).toEqual([]);
    expect(cron.failure).toMatchObject({ code: "OBSERVATION_STALE" });
    await allIsWell(world);
  });

  it("H15: that was promoted and not checked out is not finished under a hold", async () => {
    const world = await aboutToPromote();
    const canaries = exposed(world);
    const cron = await controller(world);
    await upTo(cron, "replace release");
    await meets(cron, "crash before");
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    expect(history(world).slice(-2)).toEqual(["promote", "hold"]);
    expect(exposed(world)).toBe(canaries);
    await allIsWell(world);
  });

  it("H19: that died between the refs of two hubs is finished", async () => {
    const world = await aboutToPromote(2);
    const cron = await controller(world);
    await upTo(cron, "replace ref", 2);
    await meets(cron, "crash before");
    expect(headOf(world, 0)).not.toBe(headOf(world, 1));
    await rest(world);
    expect(headOf(world, 0)).toBe(headOf(world, 1));
    expect(history(world).at(-1)).toBe("promote");
    await allIsWell(world);
  });
});

describe("a hub that went back in time", () => {
  it("H12: is known by its mark, and a hold is not forgotten", async () => {
    const world = await inCanary();
    const canaries = exposed(world);
    takeReplica(world, 0);
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    failOver(world, 0);
    pass(world, 5 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(exposed(world)).toBe(canaries);
    await allIsWell(world);
  });
});

describe("what no hole was found in", () => {
  it("is that an abort is never cleared, by an edit and a resume neither", async () => {
    const world = await inCanary();
    await toTheEnd(await operator(world, "abort"));
    await rest(world);
    edit(world, 0, RELEASE, ({ priority }) => ({ priority: priority + 1 }));
    await rest(world);
    await toTheEnd(await operator(world, "resume"));
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("is that a checkout without the release widens nothing", async () => {
    const world = await aboutToOpen();
    expect(await look(world, 0)).toEqual([]);
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("is that a controller paused since its record does not set the mark back", async () => {
    const world = await aboutToPromote();
    const cron = await controller(world);
    await upTo(cron, "replace ref");
    await cron.go();
    await rest(world);
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    await toTheEnd(cron);
    expect(world.store.marks.get("hub0")).toBe(headOf(world));
    await allIsWell(world);
  });
});

describe("a person in the portal", () => {
  it("H14: who deletes a release is not undone by a create that comes late", async () => {
    const world = createWorld();
    const ci = await controller(world, "ci");
    await upTo(ci, "create release");
    await meets(ci, "delayed");
    await rest(world);
    remove(world, 0, RELEASE);
    world.late.shift()?.run();
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(exposed(world)).toBe(0);
    await allIsWell(world);
  });

  it("H16: who takes some out and others in has both out", async () => {
    const world = await inCanary();
    const canaries = exposed(world);
    edit(world, 0, RELEASE, () => ({ condition: "deviceId = 'device-0-0' OR deviceId = 'device-0-1'" }));
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(exposed(world)).toBe(canaries & 0b11);
    await allIsWell(world);
  });

  it("H17: whose widening was held as it stands is seen below the hold", async () => {
    const world = await inCanary();
    const canaries = exposed(world);
    edit(world, 0, RELEASE, () => ({ condition: "*" }));
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    expect(exposed(world)).toBe(canaries);
    await toTheEnd(await operator(world, "resume"));
    expect(exposed(world)).toBe(canaries);
    await allIsWell(world);
  });

  it("H18: who empties a held release while a resume is under way is heard", async () => {
    const world = await inCanary();
    await toTheEnd(await operator(world, "hold"));
    await rest(world);
    const person = await operator(world, "resume");
    await upTo(person, "replace ref");
    edit(world, 0, RELEASE, () => ({ condition: "" }));
    await toTheEnd(person);
    await rest(world);
    expect(exposed(world)).toBe(0);
    expect(stateOf(world)).toBe("held");
    await allIsWell(world);
  });

  it("H23: who deletes the ref does not make a new product of it", async () => {
    const world = await inCanary();
    remove(world, 0, REF);
    pass(world, 5 * HOUR);
    expect(await look(world)).toEqual([]);
    expect(headOf(world)).toBeUndefined();
    await allIsWell(world);
  });
});
