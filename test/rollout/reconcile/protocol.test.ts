import { describe, expect, it } from "vitest";
import { refSlotLabels, refSlotOf, slotOf } from "../../../rollout/model/labels.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { certified } from "../../../rollout/plan/documents.ts";
import { enforceStop } from "../../../rollout/reconcile/enforce-stop.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { aFleet, declared, imagesOf } from "../../support/declarations.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { createWorld, type World } from "../../support/world.ts";
import {
  ATTEMPT,
  BASELINE,
  HOUR,
  PRODUCT,
  REF,
  aStop,
  crashWhilePromoting,
  headRecord,
  inCanary,
  look,
  rest,
  stateOf,
} from "./in-canary.ts";

// The rules of protocol.md §3 for one hub, each with the trace that breaks a controller without it.

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
    expect(steps[0]).toMatchObject({ kind: "write", writes: [{ document: { id: ATTEMPT } }] });
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
    await untouched.hub.create(stranger);
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

  it("that is ahead of the hub tells that the hub went back in time: it is narrowed, moved forward and held", async () => {
    const world = await inCanary();
    await rest(world);
    const older = world.configuration(REF)?.labels ?? {};
    const canary = world.configuration(ATTEMPT)?.condition ?? "";
    world.advance(4 * HOUR);
    await rest(world);
    const head = headRecord(world);
    const half = world.exposed(ATTEMPT).size;
    world.edit(REF, { labels: older });
    world.edit(ATTEMPT, { condition: canary, labels: certifiedLabels(world, canary) });
    const { steps } = await look(world);
    expect(steps[0]).toMatchObject({ kind: "write", why: /went back to an earlier state/ });
    const { status } = await rest(world);
    expect(headRecord(world)).toMatchObject({
      kind: "hold",
      reason: expect.stringMatching(/REF_REWOUND/) as string,
    });
    expect(chainOf(world)).toContainEqual(head);
    expect(status?.needsPerson).toBe(true);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect(half).toBeGreaterThan(6);
  });
});

/** Labels as wavegate left them when the release had that condition. */
function certifiedLabels(world: World, condition: string): Readonly<Record<string, string>> {
  const found = world.configuration(ATTEMPT);
  if (found === undefined) throw new Error("the release has no configuration");
  return certified({ ...found, condition }).labels;
}

/** The records from the head to the first. */
function chainOf(world: World): RolloutRecord[] {
  const chain = [headRecord(world)];
  for (;;) {
    const parent = chain.at(-1)?.parent;
    const record = parent === undefined || parent === null ? undefined : world.records.get(parent);
    if (record === undefined) return chain;
    chain.push(record);
  }
}
