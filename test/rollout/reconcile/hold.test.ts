import { describe, expect, it } from "vitest";
import { slotOf } from "../../../rollout/model/labels.ts";
import { makeStop } from "../../../rollout/model/stop.ts";
import { enforceStop } from "../../../rollout/reconcile/enforce-stop.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import {
  ATTEMPT,
  HOUR,
  PRODUCT,
  REF,
  aStop,
  headRecord,
  inCanary,
  rest,
  stateOf,
  failAll,
} from "./in-canary.ts";

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

  it("does not keep the gate from stopping: bad news is judged while a person is waited for", async () => {
    const world = await inCanary();
    await stopRelease(
      { kind: "hold", product: "thermostat", actor: "operator", reason: "odd calls" },
      world.ports,
    );
    await rest(world);
    failAll(world);
    world.advance(HOUR);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
    expect(headRecord(world)).toMatchObject({ kind: "abort", actor: "gate" });
  });

  it("is not resumed while somebody else writes the configuration all the time", async () => {
    const world = await inCanary();
    await rest(world);
    let edits = 0;
    world.fault = ({ when, call }) => {
      if (when === "before" && call === "list" && edits++ < 200)
        world.edit(ATTEMPT, { condition: `tags.edit = '${edits}'` });
    };
    await expect(resume(PRODUCT, world.ports, options)).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    expect(edits).toBeLessThan(200);
    expect(stateOf(world)).toBe("held");
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
