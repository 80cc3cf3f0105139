import { describe, expect, it } from "vitest";
import { LABEL } from "../../../rollout/model/labels.ts";
import { percent } from "../../../rollout/wavegate.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { BASELINE, crashAt, Crash, headRecord, HOUR, look, rest } from "./in-canary.ts";

const EVERYONE = [{ name: "everyone", cohort: percent(100), kind: "smoke" as const }];
const VERSIONS = ["1.1.0", "1.2.0", "1.3.0"] as const;
const RELEASES = VERSIONS.map((version) => aRelease(version, { waves: EVERYONE, watch: "1 hour" }));
const idOf = (version: string): string => `fw--thermostat--${version.replaceAll(".", "-")}--1`;

function upTo(count: number): Declared {
  return declared(...RELEASES.slice(0, count));
}

function aWorld(): World {
  return createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", ...VERSIONS) });
}

/** Roll the newest declared release out until it has settled. */
async function settle(world: World, product: Declared): Promise<void> {
  for (let count = 0; count < 4; count++) {
    await rest(world, product);
    world.settle(() => "ok");
    world.advance(4 * HOUR);
  }
}

function stateOf(world: World, id: string): string | undefined {
  return headRecord(world).intents.find(({ attempt }) => attempt === id)?.state;
}

describe("retirement", () => {
  it("keeps the settled release and the one below it, and deletes what is older, an hour after it was emptied", async () => {
    const world = aWorld();
    await settle(world, upTo(1));
    await settle(world, upTo(2));
    expect(stateOf(world, idOf("1.1.0"))).toBe("settled");
    expect(world.configuration(idOf("1.1.0"))?.condition).not.toBe("");
    await settle(world, upTo(3));
    await rest(world, upTo(3));
    expect(stateOf(world, idOf("1.1.0"))).toBe("retired");
    expect(stateOf(world, BASELINE)).toBe("retired");
    expect(world.configuration(idOf("1.2.0"))?.condition).not.toBe("");
    world.advance(2 * HOUR);
    await rest(world, upTo(3));
    expect(world.configuration(idOf("1.1.0"))).toBeUndefined();
    expect(world.configuration(BASELINE)).toBeUndefined();
    expect(world.exposed(idOf("1.3.0")).size).toBe(24);
  });

  it("empties first, under a record and a label; what somebody filled meanwhile is emptied again before it is deleted", async () => {
    const world = aWorld();
    for (const count of [1, 2]) await settle(world, upTo(count));
    const old = idOf("1.1.0");
    for (let count = 0; count < 40 && world.configuration(old)?.labels[LABEL.retired] !== "yes"; count++) {
      await rest(world, upTo(3));
      world.settle(() => "ok");
      world.advance(HOUR / 2);
    }
    expect(world.configuration(old)).toMatchObject({ condition: "", labels: { [LABEL.retired]: "yes" } });
    world.edit(old, { condition: "*" });
    world.advance(2 * HOUR);
    const { steps } = await look(world, upTo(3));
    expect(steps[0]).toMatchObject({ kind: "write", writes: [{ document: { id: old, condition: "" } }] });
    await rest(world, upTo(3));
    expect(world.configuration(old)).toBeUndefined();
  });

  it("leaves a release that some device would fall back to", async () => {
    const world = aWorld();
    await settle(world, upTo(1));
    const narrower = aRelease("1.2.0", {
      waves: EVERYONE,
      watch: "1 hour",
      where: "tags.rollout.stratum = 'A'",
    });
    const third = aRelease("1.3.0", {
      waves: EVERYONE,
      watch: "1 hour",
      where: "tags.rollout.stratum = 'A'",
    });
    const [first] = RELEASES;
    if (first === undefined) throw new Error("a release is lacking");
    await settle(world, declared(first, narrower));
    await settle(world, declared(first, narrower, third));
    await rest(world, declared(first, narrower, third));
    expect(stateOf(world, idOf("1.3.0"))).toBe("settled");
    expect(stateOf(world, idOf("1.1.0"))).toBe("settled");
    expect(world.configuration(idOf("1.1.0"))?.condition).not.toBe("");
  });

  it("takes an aborted release only once its tombstone stands", async () => {
    const world = aWorld();
    await settle(world, upTo(1));
    await rest(world, upTo(2));
    world.settle(() => "ok");
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "bad" },
      world.ports,
    );
    await settle(world, upTo(2));
    const tombstones = [...world.tombstones];
    world.tombstones.clear();
    await settle(world, upTo(3));
    await rest(world, upTo(3));
    expect(stateOf(world, idOf("1.2.0"))).toBe("rolled back");
    for (const name of tombstones) world.tombstones.add(name);
    await rest(world, upTo(3));
    expect(stateOf(world, idOf("1.2.0"))).toBe("retired");
  });

  it("is finished by the next run after a crash at each of its effects", async () => {
    for (const when of ["before", "after"] as const) {
      for (const call of [
        "put record",
        "replace wg--thermostat",
        `replace ${idOf("1.1.0")}`,
        `remove ${idOf("1.1.0")}`,
      ]) {
        const world = aWorld();
        for (const count of [1, 2]) await settle(world, upTo(count));
        for (let count = 0; count < 3; count++) {
          await rest(world, upTo(3));
          world.settle(() => "ok");
          world.advance(4 * HOUR);
        }
        crashAt(world, when, call);
        for (let count = 0; count < 30; count++) {
          try {
            const { steps } = await look(world, upTo(3));
            if (steps.length === 0) world.advance(HOUR);
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
            world.fault = () => undefined;
          }
        }
        expect([when, call, world.configuration(idOf("1.1.0"))]).toEqual([when, call, undefined]);
        expect(world.exposed(idOf("1.3.0")).size).toBe(24);
      }
    }
  });
});
