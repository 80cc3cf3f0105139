import { describe, expect, it } from "vitest";
import { slotOf } from "../../../rollout/model/labels.ts";
import { apply } from "../../../rollout/reconcile/apply.ts";
import { enforceStop } from "../../../rollout/reconcile/enforce-stop.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { StopKind } from "../../../rollout/model/stop.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import {
  aStop,
  ATTEMPT,
  BASELINE,
  crashWhilePromoting,
  aWorld,
  headRecord,
  HOUR,
  inCanary,
  look,
  PRODUCT,
  rest,
  stateOf,
  failAll,
} from "./in-canary.ts";

const GATE = aRelease("1.1.0").gate;
const HALTING = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
    gate: { ...GATE, onAbort: "halt" },
  }),
);

function stop(world: World, kind: StopKind, reason: string = kind): ReturnType<typeof stopRelease> {
  return stopRelease({ kind, product: "thermostat", actor: "operator", reason }, world.ports);
}

describe("a halt", () => {
  it("leaves the devices where they are, and nobody else is exposed ever after", async () => {
    const world = await inCanary();
    await stop(world, "halt");
    await rest(world);
    expect(stateOf(world)).toBe("halted");
    expect(headRecord(world)).toMatchObject({ kind: "halt", reason: "halt", actor: "operator" });
    world.advance(1_000 * HOUR);
    world.settle(() => "ok");
    expect((await rest(world)).status).toMatchObject({ phase: "idle", needsPerson: false });
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect(world.exposed(BASELINE).size).toBe(0);
  });

  it("is never resumed", async () => {
    const world = await inCanary();
    await stop(world, "halt");
    await rest(world);
    const options = { actor: "operator", queryLagMs: 0, reason: "please" };
    await expect(resume(PRODUCT, world.ports, options)).rejects.toMatchObject({ code: "NOTHING_TO_STOP" });
  });

  it("does not start again, not even when its record is lost and its tombstone is left", async () => {
    const world = await inCanary();
    await stop(world, "halt");
    expect([...world.tombstones]).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.halt$/)]);
    // The hub goes back to before the halt: no slot is left on it.
    for (const id of [ATTEMPT, "wg--thermostat"]) {
      const labels = Object.entries(world.configuration(id)?.labels ?? {});
      world.edit(id, { labels: Object.fromEntries(labels.filter(([name]) => !name.startsWith("wg-halt"))) });
    }
    await rest(world);
    expect(stateOf(world)).toBe("halted");
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("overrides a hold, and is overridden by an abort, never the reverse", async () => {
    const world = await inCanary();
    const kind = (): string | undefined => slotOf(world.configuration(ATTEMPT)?.labels ?? {}, ATTEMPT)?.kind;
    await stop(world, "hold");
    await stop(world, "halt");
    expect(kind()).toBe("halt");
    expect((await stop(world, "hold")).writes).toBe(0);
    expect((await stop(world, "halt", "again")).writes).toBe(0);
    expect(kind()).toBe("halt");
    await stop(world, "abort");
    expect(kind()).toBe("abort");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect((await stop(world, "halt")).writes).toBe(0);
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("keeps a promotion that was recorded and not yet carried out from being carried out", async () => {
    const world = await inCanary();
    await crashWhilePromoting(world, "before", `replace ${ATTEMPT}`);
    expect(headRecord(world).kind).toBe("promote");
    await stop(world, "halt");
    world.advance(40 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("halted");
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("that is recorded can still be taken back by its version", async () => {
    const world = await inCanary();
    await stop(world, "halt");
    await rest(world);
    await stopRelease(
      { kind: "abort", product: "thermostat", version: "1.1.0", actor: "operator", reason: "recall" },
      world.ports,
    );
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(world.exposed(BASELINE).size).toBe(6);
  });

  it("needs no store, and is carried to the ref by anybody when its author dies", async () => {
    const world = await inCanary();
    world.fault = ({ call }) => {
      if (["taken mark", "get record", "tombstone", "looks"].includes(call))
        throw new WavegateError("RECORD_STORE_FAILED", "down", { hint: "" });
      if (call === "replace wg--thermostat") throw new Error("died");
    };
    await expect(
      enforceStop({ product: "thermostat", stop: aStop("halt", world) }, world.ports),
    ).rejects.toThrow("died");
    world.fault = () => undefined;
    await rest(world);
    expect(stateOf(world)).toBe("halted");
    expect(headRecord(world).stops.map(({ actor }) => actor)).toEqual(["operator"]);
  });
});

describe("a gate that halts", () => {
  it("leaves the devices of a bad release where they are, and names those that failed", async () => {
    const world = aWorld();
    await rest(world, HALTING);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    await rest(world, HALTING);
    expect(stateOf(world)).toBe("halted");
    expect(headRecord(world)).toMatchObject({ kind: "halt", actor: "gate", verdict: { kind: "abort" } });
    expect(world.exposed(ATTEMPT).size).toBe(6);
    const halted = headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT);
    expect(halted).toMatchObject({ failed: [...world.exposed(ATTEMPT)].sort() });
  });

  it("ends apply as a stop does", async () => {
    const world = aWorld();
    const clock = {
      ...world.ports.clock,
      sleep: (ms: number) => {
        world.advance(ms);
        world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
        return Promise.resolve();
      },
    };
    const { outcome, status } = await apply(
      HALTING,
      { ...world.ports, clock },
      {
        actor: "test",
        queryLagMs: 0,
        lookEveryMs: 300_000,
        signal: new AbortController().signal,
        onEvent: () => undefined,
      },
    );
    expect(outcome).toBe("aborted");
    expect(status?.text).toContain("1.1.0 is halted: its devices keep it");
  });
});

describe("a gate whose release has nothing to go back to", () => {
  it("halts it, and says why", async () => {
    const world = await inCanary();
    world.remove(BASELINE);
    world.edit(ATTEMPT, {}); // Another etag; nothing else.
    failAll(world);
    await look(world);
    const slot = slotOf(world.configuration(ATTEMPT)?.labels ?? {}, ATTEMPT);
    expect(slot).toMatchObject({ kind: "halt", actor: "gate" });
    expect(slot?.reason).toMatch(/^NO_BASELINE: /);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });
});
