import { describe, expect, it } from "vitest";
import { approve, type Approved } from "../../../rollout/reconcile/approve.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, aWorld, crashAt, Crash, headRecord, HOUR, rest, stateOf, failAll } from "./in-canary.ts";

function product(first: number, second: number): Declared {
  return declared(
    aRelease("1.1.0", {
      waves: [
        { name: "canary", cohort: ring("canary"), kind: "smoke", approvals: first },
        { name: "everyone", cohort: percent(100), kind: "smoke", approvals: second },
      ],
    }),
  );
}

function by(actor: string, world: World, wanted: Declared, wave?: string): Promise<Approved> {
  const named = wave === undefined ? {} : { wave };
  return approve(wanted, world.ports, { actor, queryLagMs: 0, ...named });
}

/** The canary is open and has baked. */
async function baked(wanted: Declared): Promise<World> {
  const world = aWorld();
  await rest(world, wanted);
  world.settle(() => "ok");
  await rest(world, wanted);
  world.advance(4 * HOUR);
  return world;
}

describe("a wave with approvals", () => {
  it("waits for a person however good it is, says for whom, and opens when they come", async () => {
    const wanted = product(0, 1);
    const world = await baked(wanted);
    expect((await rest(world, wanted)).status).toMatchObject({
      phase: "waiting",
      needsPerson: true,
      text: 'wave "canary" is judged; "everyone" waits: wave "everyone" awaits the approval of 1 person: wavegate approve thermostat --wave "everyone"',
    });
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect(await by("alice", world, wanted)).toMatchObject({ wave: "everyone", given: ["alice"], wanted: 1 });
    expect(headRecord(world)).toMatchObject({
      kind: "approve",
      actor: "alice",
      reason: 'approves "everyone"',
    });
    expect(world.exposed(ATTEMPT).size).toBe(6); // Approving opens nothing by itself.
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("may be approved ahead of time, and still has to be proven", async () => {
    const wanted = product(0, 1);
    const world = aWorld();
    await rest(world, wanted);
    await by("alice", world, wanted);
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    world.settle(() => "ok");
    await rest(world, wanted);
    world.advance(4 * HOUR);
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("that wants two takes neither one person twice nor whoever started the release", async () => {
    const wanted = product(0, 2);
    const world = await baked(wanted); // Started by "test".
    await expect(by("test", world, wanted)).rejects.toMatchObject({ code: "APPROVAL_VOID" });
    await by("alice", world, wanted);
    const records = world.records.size;
    expect(await by("alice", world, wanted, "everyone")).toMatchObject({ already: true, given: ["alice"] });
    expect(world.records.size).toBe(records);
    const { status } = await rest(world, wanted);
    expect(status?.text).toContain("awaits the approval of 1 person beside alice, not test who started it");
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await by("bob", world, wanted);
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("that wants one takes it from whoever started the release", async () => {
    const wanted = product(0, 1);
    const world = await baked(wanted);
    await by("test", world, wanted);
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("does not keep bad news waiting: the gate aborts while a person is awaited", async () => {
    const wanted = product(0, 1);
    const world = await baked(wanted);
    expect((await rest(world, wanted)).status?.needsPerson).toBe(true);
    failAll(world);
    await rest(world, wanted);
    expect(stateOf(world)).toBe("rolling back");
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });
});

describe("the first wave with approvals", () => {
  it("is started by nobody before they are there, and leaves nothing on the hub", async () => {
    const wanted = product(1, 0);
    const world = aWorld();
    const { status } = await rest(world, wanted);
    expect(status).toMatchObject({ phase: "waiting", needsPerson: true });
    expect(status?.text).toContain('1.1.0 waits: wave "canary" awaits the approval of 1 person');
    expect(world.configuration(ATTEMPT)).toBeUndefined();
    await by("alice", world, wanted);
    expect(headRecord(world)).toMatchObject({
      kind: "approve",
      subject: ATTEMPT,
      approval: { wave: "canary" },
    });
    await rest(world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    const started = headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT);
    expect(started).toMatchObject({ approvals: [{ wave: "canary", actor: "alice" }] });
  });

  it("is not started by the second of two who approved it", async () => {
    const wanted = product(2, 0);
    const world = aWorld();
    await rest(world, wanted);
    await by("alice", world, wanted);
    await by("bob", world, wanted);
    const as = (actor: string): ReturnType<typeof reconcile> =>
      reconcile(wanted, world.ports, { actor, queryLagMs: 0 });
    await as("bob");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await as("cron");
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });
});

describe("an approval", () => {
  it("names what it cannot approve", async () => {
    const wanted = product(0, 1);
    const world = await baked(wanted);
    await expect(by("alice", world, wanted, "evryone")).rejects.toMatchObject({
      code: "NOTHING_TO_APPROVE",
      hint: 'did you mean "everyone"?',
    });
    await expect(by("alice", world, wanted, "canary")).rejects.toThrow("is open already");
    await by("alice", world, wanted);
    await expect(by("bob", world, wanted)).rejects.toMatchObject({ code: "NOTHING_TO_APPROVE" });
  });

  it("records a stop that is under way first, and does not lift it", async () => {
    const wanted = product(0, 1);
    const world = await baked(wanted);
    await stopRelease({ kind: "hold", product: "thermostat", actor: "operator", reason: "odd" }, world.ports);
    await by("alice", world, wanted);
    expect([...world.records.values()].slice(-2).map(({ kind }) => kind)).toEqual(["hold", "approve"]);
    await rest(world, wanted);
    expect(stateOf(world)).toBe("held");
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it.each(["put record", "replace wg--thermostat", "mark"])(
    "that dies before %s opens nothing or is whole",
    async (call) => {
      const wanted = product(0, 1);
      const world = await baked(wanted);
      await rest(world, wanted);
      crashAt(world, "before", call);
      await expect(by("alice", world, wanted)).rejects.toThrow(Crash);
      world.fault = () => undefined;
      await rest(world, wanted);
      const isRecorded = call === "mark";
      expect(world.exposed(ATTEMPT).size).toBe(isRecorded ? 24 : 6);
      if (!isRecorded) await by("alice", world, wanted);
      await rest(world, wanted);
      expect(world.exposed(ATTEMPT).size).toBe(24);
    },
  );
});
