import { describe, expect, it } from "vitest";
import { reconcile as reconcileCommand } from "../../../rollout/cli/commands/reconcile.ts";
import type { Context, Result } from "../../../rollout/cli/command.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { sha256Hex } from "../../../rollout/model/digest.ts";
import { refSlotLabels } from "../../../rollout/model/labels.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { refDocument } from "../../../rollout/plan/documents.ts";
import type { World } from "../../support/world.ts";
import { aStop, ATTEMPT, HOUR, inCanary, REF, rest, stateOf, failAll } from "./in-canary.ts";

const WRONG = checkDeclarations({ fleet: { value: { product: {} }, file: "fleet.ts" }, releases: [] });

/** `wavegate reconcile` of a project whose fleet.ts has a typing error. */
function run(world: World, ports: Partial<World["ports"]> = {}, checked = WRONG): Promise<Result> {
  const session = {
    settings: { queryLag: 0 },
    ...world.ports,
    ...ports,
    actor: "cron",
    declarations: () => Promise.resolve(checked),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = { session: () => Promise.resolve(session), progress: () => undefined };
  return reconcileCommand.run(context as unknown as Context, { args: [], options: {} });
}

/** A second product on the hub, whose head record is in this project's store and broken; the store's port. */
async function brokenNeighbour(world: World): Promise<World["ports"]["records"]> {
  await world.ports.hubs[0]?.create(refDocument("aaa", sha256Hex("a record of aaa")));
  const { records } = world.ports;
  return {
    ...records,
    getRecord: (product, digest) =>
      product === "aaa"
        ? Promise.reject(
            new WavegateError("RECORD_BROKEN", "not the record its name says", { hint: "restore" }),
          )
        : records.getRecord(product, digest),
  };
}

/** What is written from now on. */
function writesOf(world: World): readonly string[] {
  const writes: string[] = [];
  world.fault = ({ when, call }) => {
    if (when === "before" && /^(create|replace|remove|put|mark)/.test(call)) writes.push(call);
  };
  return writes;
}

describe("a controller that cannot read its fleet.ts", () => {
  it("stops a bad release all the same, and says what is wrong", async () => {
    const world = await inCanary();
    await rest(world);
    failAll(world);
    await expect(run(world)).rejects.toMatchObject({
      code: "PLAN_BLOCKED",
      problems: [{ code: "FLEET_INVALID" }, {}],
    });
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("stops a bad release although the record of another product is broken", async () => {
    const world = await inCanary();
    await rest(world);
    failAll(world);
    const records = await brokenNeighbour(world);
    await expect(run(world, { records })).rejects.toMatchObject({ code: "PLAN_BLOCKED" });
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("lets a good one stand, and no further", async () => {
    const world = await inCanary();
    await rest(world);
    const writes = writesOf(world);
    for (let looks = 0; looks < 5; looks++) {
      world.advance(20 * HOUR);
      await expect(run(world)).rejects.toMatchObject({ code: "PLAN_BLOCKED" });
    }
    expect(writes).toEqual([]);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("leaves alone what another project runs on the same hub, its unfinished stops too", async () => {
    const world = await inCanary();
    await rest(world);
    failAll(world);
    const labels = world.configuration(REF)?.labels ?? {};
    world.edit(REF, { labels: { ...labels, ...refSlotLabels(aStop("hold", world)) } });
    const writes = writesOf(world);
    const theirs = { ...world.ports.records, getRecord: () => Promise.resolve(undefined) };
    await expect(run(world, { records: theirs })).rejects.toMatchObject({ code: "PLAN_BLOCKED" });
    expect(writes).toEqual([]);
  });
});

describe("a controller whose fleet.ts lost a product", () => {
  const OTHERS = checkDeclarations({
    fleet: { value: { products: { valve: {} } }, file: "fleet.ts" },
    releases: [],
  });

  it("watches it on: a bad release is stopped, and the run says what is wrong", async () => {
    const world = await inCanary();
    await rest(world);
    failAll(world);
    const { exitCode, human } = await run(world, {}, OTHERS);
    expect(exitCode).toBe(1);
    expect(human).toMatch(/PRODUCT_REMOVED: fleet.ts: products: thermostat/);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("stops its bad release although the record of another lost product is broken, and tells of that", async () => {
    const world = await inCanary();
    await rest(world);
    failAll(world);
    const records = await brokenNeighbour(world);
    const { human } = await run(world, { records }, OTHERS);
    expect(human).toMatch(/^aaa: RECORD_BROKEN: the chain of [0-9a-f]{12} is not complete/m);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("lets a good release of it go no further", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(20 * HOUR);
    const { exitCode, human } = await run(world, {}, OTHERS);
    expect(exitCode).toBe(1);
    expect(human).toMatch(/next: declare it again, or take it back: wavegate abort thermostat/);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("has nothing to say of one whose records are another project's, or that has nothing under way", async () => {
    const world = await inCanary();
    await rest(world);
    const theirs = { ...world.ports.records, getRecord: () => Promise.resolve(undefined) };
    const { human } = await run(world, { records: theirs }, OTHERS);
    expect(human).not.toMatch(/thermostat/);
  });
});
