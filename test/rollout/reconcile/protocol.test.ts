import { describe, expect, it } from "vitest";
import { refId, type AttemptId } from "../../../rollout/model/attempt.ts";
import { headOf, LABEL, refSlotLabels, refSlotOf, slotOf } from "../../../rollout/model/labels.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { makeStop, type Stop } from "../../../rollout/model/stop.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { enforceStop } from "../../../rollout/reconcile/act.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

// The rules of protocol.md §3 for one hub, each with the trace that breaks a controller without it.

const ATTEMPT = "fw--thermostat--1-1-0--1" as AttemptId; // The form is that of attemptId().
const BASELINE = "fw--thermostat--1-0-0--1";
const REF = refId("thermostat");
const HOUR = 3_600_000;
const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);

class Crash extends Error {}

function aWorld(): World {
  return createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
}

function look(world: World, product = PRODUCT): Promise<ReconcileResult> {
  return reconcile(product, world.ports, { actor: "test", queryLagMs: 0 });
}

/** Until nothing is left to do at this instant. */
async function rest(world: World): Promise<ReconcileResult> {
  for (;;) {
    const result = await look(world);
    if (result.steps.length === 0) return result;
  }
}

/** A world in which 1.1.0 is open to its canaries. */
async function inCanary(): Promise<World> {
  const world = aWorld();
  await rest(world);
  world.settle(() => "ok");
  expect(world.exposed(ATTEMPT).size).toBe(6);
  return world;
}

/** Crash at the first call whose name matches. */
function crashAt(world: World, when: "before" | "after", call: string): void {
  world.fault = (at) => {
    if (at.when === when && at.call === call) throw new Crash(call);
  };
}

/** The canary has baked: the next look promotes; crash there. */
async function crashWhilePromoting(world: World, when: "before" | "after", call: string): Promise<void> {
  await rest(world);
  world.advance(4 * HOUR);
  crashAt(world, when, call);
  await expect(look(world)).rejects.toThrow(Crash);
  world.fault = () => undefined;
}

function headRecord(world: World): NonNullable<ReturnType<World["records"]["get"]>> {
  const head = headOf(world.configuration(REF)?.labels ?? {});
  const record = head === undefined ? undefined : world.records.get(head);
  if (record === undefined) throw new Error("the ref names no stored record");
  return record;
}

function stateOf(world: World): string | undefined {
  return headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT)?.state;
}

function aStop(kind: Stop["kind"], world: World): Stop {
  const release = world.configuration(ATTEMPT)?.labels[LABEL.release] ?? "";
  return makeStop({
    kind,
    attempt: ATTEMPT,
    release,
    actor: "operator",
    at: "2026-01-01T00:00:00.000Z",
    reason: "looks odd",
    nonce: "n",
  });
}

describe("widening", () => {
  it("stores the record, moves the ref, marks the head, and only then exposes", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    const calls: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "after" && /put|replace|mark|create/.test(call)) calls.push(call);
    };
    await look(world);
    expect(calls.filter((call) => call !== "taken mark")).toEqual([
      "put record",
      `replace ${REF}`,
      "mark",
      `replace ${ATTEMPT}`,
    ]);
  });

  it.each([
    ["before", "put record"],
    ["after", "put record"],
    ["before", `replace ${REF}`],
    ["after", `replace ${REF}`],
    ["before", "mark"],
    ["after", "mark"],
    ["before", `replace ${ATTEMPT}`],
    ["after", `replace ${ATTEMPT}`],
  ] as const)("that crashes %s %s is finished by the next run, once", async (when, call) => {
    const world = await inCanary();
    await crashWhilePromoting(world, when, call);
    await rest(world);
    expect(headRecord(world).kind).toBe("promote");
    const intent = headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT);
    expect(world.configuration(ATTEMPT)?.condition).toBe(intent?.condition);
    expect(intent !== undefined && "wave" in intent && intent.wave).toBe(1);
  });

  it("never exposes by a head that is not marked as taken", async () => {
    const world = await inCanary();
    await crashWhilePromoting(world, "before", "mark");
    const calls: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "after" && (call === "mark" || call === `replace ${ATTEMPT}`)) calls.push(call);
    };
    await look(world);
    expect(calls).toEqual(["mark", `replace ${ATTEMPT}`]);
  });

  it("finishes the tree before it decides anything new", async () => {
    const world = await inCanary();
    await crashWhilePromoting(world, "before", `replace ${ATTEMPT}`);
    world.advance(40 * HOUR);
    const { steps } = await look(world);
    expect(steps[0]).toMatchObject({ kind: "write", document: { id: ATTEMPT } });
  });

  it("is left to a checkout that has the release, unchanged", async () => {
    const world = await inCanary();
    await crashWhilePromoting(world, "before", `replace ${ATTEMPT}`);
    const { steps, status } = await look(world, declared());
    expect(steps).toEqual([]);
    expect(status).toMatchObject({ phase: "held", needsPerson: true });
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("is not sent a minute after the hub was looked at", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    let now = 0;
    const clock = { ...world.ports.clock, monotonic: () => (now += 70_000) };
    await expect(
      reconcile(PRODUCT, { ...world.ports, clock }, { actor: "test", queryLagMs: 0 }),
    ).rejects.toMatchObject({ code: "OBSERVATION_STALE" });
    expect(headRecord(world).kind).toBe("start");
  });

  it("that loses its race writes nothing and looks again", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    let raced = false;
    world.fault = ({ when, call }) => {
      if (raced || when !== "before" || call !== `replace ${REF}`) return;
      raced = true;
      world.edit(REF, { labels: { ...world.configuration(REF)?.labels, somebody: "else" } });
    };
    const first = await look(world);
    expect(first.steps).toEqual([]);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await rest(world);
    expect(headRecord(world).kind).toBe("promote");
  });
});

describe("a stop", () => {
  it("is in force with the record store down, and is recorded when it answers", async () => {
    const world = await inCanary();
    const down = new WavegateError("RECORD_STORE_FAILED", "no answer", { hint: "" });
    world.fault = ({ call }) => {
      if (/record|mark|tombstone|look/.test(call)) throw down;
    };
    const { writes } = await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "overheats" },
      world.ports,
    );
    expect(writes).toBeGreaterThan(0);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect((await look(world)).status?.text).toMatch(/record store does not answer or cannot be read/);
    world.fault = () => undefined;
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
    expect([...world.records.values()].find(({ kind }) => kind === "abort")).toMatchObject({
      actor: "operator",
      reason: "overheats",
    });
  });

  it("freezes the release, gives the adopted baseline exactly its devices, then empties it", async () => {
    const world = await inCanary();
    const condition = world.configuration(ATTEMPT)?.condition;
    const states: string[] = [];
    world.fault = ({ when, call }) => {
      if (when !== "after" || !call.startsWith("replace")) return;
      states.push(
        `${call.slice(8)}: ${world.exposed(ATTEMPT).size} on 1.1.0, ${world.exposed(BASELINE).size} under 1.0.0`,
      );
    };
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    expect(states).toEqual([
      `${ATTEMPT}: 6 on 1.1.0, 0 under 1.0.0`,
      `${BASELINE}: 6 on 1.1.0, 6 under 1.0.0`,
      `${ATTEMPT}: 0 on 1.1.0, 6 under 1.0.0`,
      `${REF}: 0 on 1.1.0, 6 under 1.0.0`,
    ]);
    expect(world.configuration(BASELINE)?.condition).toBe(condition);
  });

  it("repeats on a fresh listing when somebody writes in between", async () => {
    const world = await inCanary();
    let races = 2;
    world.fault = ({ when, call }) => {
      if (when !== "before" || call !== `replace ${ATTEMPT}` || races-- <= 0) return;
      world.edit(ATTEMPT, { labels: { ...world.configuration(ATTEMPT)?.labels, touched: String(races) } });
    };
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("defeats a widening that was decided before it", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    world.fault = async ({ when, call }) => {
      if (when !== "before" || call !== `replace ${ATTEMPT}`) return;
      world.fault = () => undefined;
      await stopRelease(
        { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
        world.ports,
      );
    };
    await look(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await rest(world);
    expect(stateOf(world)).toMatch(/^roll/);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("that stands on the ref alone is carried to the configuration, then recorded", async () => {
    const world = await inCanary();
    world.edit(REF, {
      labels: { ...world.configuration(REF)?.labels, ...refSlotLabels(aStop("abort", world)) },
    });
    const { steps } = await look(world);
    expect(steps.map(({ kind }) => kind).slice(0, 2)).toEqual(["stop", "record"]);
    expect(slotOf(world.configuration(ATTEMPT)?.labels ?? {}, ATTEMPT)?.kind).toBe("abort");
    expect(refSlotOf(world.configuration(REF)?.labels ?? {}, ATTEMPT)).toBeUndefined();
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("that only holds keeps what is exposed, even where the head has promoted already", async () => {
    const world = await inCanary();
    await crashWhilePromoting(world, "before", `replace ${ATTEMPT}`);
    await enforceStop({ product: "thermostat", stop: aStop("hold", world) }, world.ports);
    const { status } = await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(status?.needsPerson).toBe(true);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("is not undone by filling the configuration again in the portal", async () => {
    const world = await inCanary();
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    await rest(world);
    world.edit(ATTEMPT, { condition: "*" });
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });
});

describe("an edit in the portal", () => {
  it("that empties a release holds it, and nothing widens it again", async () => {
    const world = await inCanary();
    await rest(world);
    world.edit(ATTEMPT, { condition: "" });
    world.advance(40 * HOUR);
    const { status } = await rest(world);
    expect(status?.needsPerson).toBe(true);
    expect(stateOf(world)).toBe("held");
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("that widens a release is narrowed to what both name, and held", async () => {
    const world = await inCanary();
    await rest(world);
    world.edit(ATTEMPT, { condition: "*" });
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect([...world.records.values()].find(({ kind }) => kind === "hold")?.actor).toBe("unknown (portal)");
  });

  it("that deletes a running release's configuration holds it: it is never created again", async () => {
    const world = await inCanary();
    await rest(world);
    world.remove(ATTEMPT);
    await rest(world);
    expect(world.configuration(ATTEMPT)).toBeUndefined();
    expect(headRecord(world)).toMatchObject({ kind: "hold" });
    expect(headRecord(world).reason).toMatch(/REF_LOST/);
  });

  it("that deletes the ref stops everything that would widen", async () => {
    const world = await inCanary();
    await rest(world);
    world.remove(REF);
    world.advance(40 * HOUR);
    const { steps, status } = await look(world);
    expect(steps).toEqual([]);
    expect(status?.text).toMatch(/REF_LOST/);
    expect(world.configuration(REF)).toBeUndefined();
  });
});

describe("adoption", () => {
  it("does not take a stranger's configuration that has the baseline's name", async () => {
    const stranger = {
      id: BASELINE,
      labels: {},
      content: { "properties.desired.other": {} },
      condition: "",
      priority: 1,
      metrics: {},
    };
    const untouched = createWorld({ devices: aFleet(4), version: "1.0.0", images: imagesOf("1.0.0") });
    await untouched.ports.hub.create(stranger);
    const { problems } = await look(untouched, declared());
    expect(problems?.map(({ code }) => code)).toEqual(["FOREIGN_CONFIGURATION"]);
    expect(untouched.configuration(BASELINE)).toMatchObject({ labels: {}, priority: 1 });
  });
});

describe("the record store", () => {
  it("that holds what cannot be read blocks widening, and no stop", async () => {
    const world = await inCanary();
    world.fault = ({ call }) => {
      if (call === "taken mark") throw new WavegateError("STORE_FORMAT", "no mark", { hint: "" });
    };
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect((await look(world)).status?.needsPerson).toBe(false);
  });

  it("without a link of the chain holds everything", async () => {
    const world = await inCanary();
    const parent = headRecord(world).parent;
    if (parent !== null) world.records.delete(parent);
    const { steps, status } = await look(world);
    expect(steps).toEqual([]);
    expect(status?.text).toMatch(/RECORD_BROKEN/);
  });

  it("that is ahead of the hub tells that the hub went back in time", async () => {
    const world = await inCanary();
    await rest(world);
    const older = world.configuration(REF)?.labels ?? {};
    world.advance(4 * HOUR);
    await rest(world);
    world.edit(REF, { labels: older });
    const { steps, status } = await look(world);
    expect(steps).toEqual([]);
    expect(status?.text).toMatch(/REF_REWOUND/);
  });
});

describe("a hold", () => {
  const options = { actor: "operator", queryLagMs: 0, reason: "all is well" };

  it("is resumed at the same wave, and the rollout goes on from there", async () => {
    const world = await inCanary();
    await stopRelease(
      { kind: "hold", product: "thermostat", actor: "operator", reason: "odd calls" },
      world.ports,
    );
    await rest(world);
    world.advance(40 * HOUR);
    expect((await rest(world)).status?.needsPerson).toBe(true);
    await resume(PRODUCT, world.ports, options);
    expect([...world.records.values()].findLast(({ kind }) => kind === "resume")).toMatchObject({
      reason: "all is well",
    });
    expect(slotOf(world.configuration(ATTEMPT)?.labels ?? {}, ATTEMPT)).toBeUndefined();
    world.advance(4 * HOUR);
    await rest(world);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("by an edit in the portal is resumed to the condition of the record", async () => {
    const world = await inCanary();
    await rest(world);
    world.edit(ATTEMPT, { condition: "" });
    await rest(world);
    await resume(PRODUCT, world.ports, options);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("under which the release was aborted is not resumed", async () => {
    const world = await inCanary();
    await stopRelease(
      { kind: "hold", product: "thermostat", actor: "operator", reason: "odd calls" },
      world.ports,
    );
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "worse" },
      world.ports,
    );
    await expect(resume(PRODUCT, world.ports, options)).rejects.toMatchObject({ code: "NOTHING_TO_STOP" });
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("that comes while another is resumed stays in force", async () => {
    const world = await inCanary();
    await stopRelease({ kind: "hold", product: "thermostat", actor: "one", reason: "first" }, world.ports);
    await rest(world);
    const second = makeStop({ ...aStop("hold", world), actor: "two", nonce: "other" });
    world.fault = async ({ when, call }) => {
      if (when !== "before" || call !== `replace ${REF}`) return;
      world.fault = () => undefined;
      await enforceStop({ product: "thermostat", stop: second }, world.ports);
    };
    await expect(resume(PRODUCT, world.ports, options)).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    world.advance(40 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("held");
    expect(headRecord(world).stops.map(({ actor }) => actor)).toEqual(["two"]);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });
});
