import { describe, expect, it } from "vitest";
import { reconcile as reconcileCommand } from "../../../rollout/cli/commands/reconcile.ts";
import type { Context, Result } from "../../../rollout/cli/command.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { checkDeclarations, type CheckedDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, HOUR, look, rest } from "./in-canary.ts";

// Two groups that fail in one pass raised an exception, the transaction was rolled back, and nothing was paused
// (hawkbit#2161). A stop wins over every other error, and over another stop that cannot land.

const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const FIRST = aRelease("1.1.0", { waves: WAVES, watch: "10 days" });
const SECOND = aRelease("1.2.0", { waves: WAVES });
const LATER = "fw--thermostat--1-2-0--1";
const BOTH = declared(FIRST, SECOND);

/** 1.1.0 is complete and watched, 1.2.0 is open to its canaries; then devices of both fail. */
async function bothFailing(): Promise<World> {
  const images = imagesOf("1.0.0", "1.1.0", "1.2.0");
  const world = createWorld({ devices: aFleet(48), version: "1.0.0", images });
  for (let count = 0; count < 3; count++) {
    await rest(world, declared(FIRST));
    world.settle(() => "ok");
    await rest(world, declared(FIRST));
    world.advance(4 * HOUR);
  }
  await rest(world, BOTH);
  world.settle(() => "ok");
  await rest(world, BOTH);
  expect(world.exposed(LATER).size).toBe(6);
  for (const { deviceId } of [...world.devices.all()])
    world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
  return world;
}

function refuse(world: World, id: string): void {
  world.fault = ({ when, call }) => {
    if (when === "before" && call === `replace ${id}`)
      throw new WavegateError("HUB_FAILED", "the hub answered with 500", { hint: "" });
  };
}

describe("two releases of one product that fail in one pass", () => {
  it("are both stopped in it", async () => {
    const world = await bothFailing();
    await look(world, BOTH);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(world.exposed(LATER).size).toBe(0);
  });

  it.each([
    ["first", ATTEMPT, LATER],
    ["second", LATER, ATTEMPT],
  ])("are stopped one without the other when the %s cannot be written", async (_which, broken, other) => {
    const world = await bothFailing();
    refuse(world, broken);
    await expect(look(world, BOTH)).rejects.toMatchObject({ code: "HUB_FAILED" });
    expect(world.exposed(other).size).toBe(0);
    world.fault = () => undefined;
    await look(world, BOTH);
    expect(world.exposed(broken).size).toBe(0);
  });

  it("are told not to be stopped when somebody else wins every race, and the other is", async () => {
    const world = await bothFailing();
    world.fault = ({ when, call }) => {
      if (when !== "before" || call !== `replace ${ATTEMPT}`) return;
      const labels = world.configuration(ATTEMPT)?.labels ?? {};
      world.edit(ATTEMPT, { labels: { ...labels, noise: `${Number(labels["noise"] ?? 0) + 1}` } });
    };
    await expect(look(world, BOTH)).rejects.toMatchObject({
      code: "HUB_CONFLICT",
      message: expect.stringContaining("NOT in force") as string,
    });
    expect(world.exposed(LATER).size).toBe(0);
  });

  it("are stopped once: looking again writes nothing", async () => {
    const world = await bothFailing();
    await rest(world, BOTH);
    const writes: string[] = [];
    world.fault = ({ when, call }) => {
      if (when === "before" && /^(replace|create|put)/.test(call)) writes.push(call);
    };
    await look(world, BOTH);
    expect(writes).toEqual([]);
  });
});

const NAMES = ["press", "pump"] as const;

function products(): CheckedDeclarations {
  const adopt = (name: string): unknown => ({ version: "1.0.0", artifact: anArtifact(`${name} 1.0.0`) });
  return checkDeclarations({
    fleet: {
      value: { products: Object.fromEntries(NAMES.map((name) => [name, { adopt: adopt(name) }])) },
      file: "fleet.ts",
    },
    releases: NAMES.map((product) => ({
      value: aRelease("1.1.0", { product, artifact: anArtifact(`${product} 1.1.0`), waves: WAVES }),
      file: `releases/${product}-1.1.0.ts`,
    })),
  });
}

/** `wavegate reconcile`, of every product. */
function reconcileAll(world: World): Promise<Result> {
  const session = {
    settings: { queryLag: 0 },
    ...world.ports,
    actor: "cron",
    declarations: () => Promise.resolve(products()),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = { session: () => Promise.resolve(session), progress: () => undefined };
  return reconcileCommand.run(context as unknown as Context, { args: [], options: {} });
}

function attemptOf(product: string): string {
  return `fw--${product}--1-1-0--1`;
}

describe("two products that fail in one run", () => {
  it.each([
    ["first", "press", "pump"],
    ["second", "pump", "press"],
  ])("are stopped one without the other when the %s cannot be written", async (_which, broken, other) => {
    const images = imagesOf(...NAMES.flatMap((name) => [`${name} 1.0.0`, `${name} 1.1.0`]));
    const world = createWorld({ devices: aFleet(48), version: "1.0.0", images });
    aFleet(48).forEach(({ deviceId }, index) => {
      world.devices.mergeTwin(deviceId, { tags: { product: NAMES[Math.floor(index / 2) % 2] ?? "press" } });
    });
    for (let runs = 0; runs < 2; runs++) await reconcileAll(world);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    for (const product of NAMES) expect(world.exposed(attemptOf(product)).size).toBeGreaterThan(2);
    refuse(world, attemptOf(broken));
    const { exitCode, human, json } = await reconcileAll(world);
    expect(world.exposed(attemptOf(other)).size).toBe(0);
    expect(exitCode).toBe(1);
    expect(human).toContain(`${broken}: HUB_FAILED: the hub answered with 500`);
    expect(json).toMatchObject({
      products: NAMES.map((product) =>
        product === broken
          ? { product, error: { code: "HUB_FAILED" } }
          : { product, steps: ["stop", "record"] },
      ),
    });
    world.fault = () => undefined;
    await reconcileAll(world);
    expect(world.exposed(attemptOf(broken)).size).toBe(0);
  });
});
