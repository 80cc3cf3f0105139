import { describe, expect, it } from "vitest";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, rest } from "./in-canary.ts";

const WAVES = [
  { name: "half", cohort: percent(50), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const FIRST = declared(aRelease("1.1.0", { waves: WAVES }));
const BOTH = declared(aRelease("1.1.0", { waves: WAVES }), aRelease("1.2.0", { waves: WAVES }));
const SECOND = "fw--thermostat--1-2-0--1";

/** What a device is asked to run. */
function asked(world: World, deviceId: string): string | undefined {
  const { firmware } = world.devices.get(deviceId).desired.value as { firmware?: { fwVersion: string } };
  return firmware?.fwVersion;
}

function tag(world: World, deviceId: string, quarantine: number | string): void {
  world.devices.mergeTwin(deviceId, { tags: { rollout: { quarantine } } });
}

/** Priority of the newest release in the head record: what a quarantine is written with. */
function newest(world: World): number {
  return Math.max(...headRecord(world).intents.map(({ priority }) => priority));
}

async function runFor(world: World, waves: number, product = FIRST): Promise<void> {
  for (let passed = 0; passed < waves; passed++) {
    await rest(world, product);
    world.settle(() => "ok");
    await rest(world, product);
    world.advance(4 * HOUR);
  }
  await rest(world, product);
  world.settle(() => "ok");
}

function aWorld(): World {
  return createWorld({
    devices: aFleet(24),
    version: "1.0.0",
    images: imagesOf("1.0.0", "1.1.0", "1.2.0"),
  });
}

describe("a device that is quarantined", () => {
  it("keeps what it runs, is in nothing that starts later, and is not moved when that is taken back", async () => {
    const world = aWorld();
    await runFor(world, 2);
    expect(world.exposed(ATTEMPT).size).toBe(24);
    tag(world, "device-7", newest(world));
    world.settle(() => "failed");
    expect(asked(world, "device-7")).toBe("1.1.0");

    await runFor(world, 2, BOTH);
    expect(world.exposed(SECOND).size).toBe(23);
    expect([asked(world, "device-7"), asked(world, "device-8")]).toEqual(["1.1.0", "1.2.0"]);

    await stopRelease({ kind: "abort", product: "thermostat", actor: "operator", reason: "no" }, world.ports);
    world.settle(() => "ok");
    expect(world.exposed(ATTEMPT).size).toBe(24);
    expect([asked(world, "device-7"), asked(world, "device-8")]).toEqual(["1.1.0", "1.1.0"]);
  });

  it("still comes in with a later wave of the release that was under way", async () => {
    const world = aWorld();
    await runFor(world, 0);
    const later = aFleet(24).find(({ deviceId }) => !world.exposed(ATTEMPT).has(deviceId))?.deviceId ?? "";
    tag(world, later, newest(world));
    await runFor(world, 1);
    expect(asked(world, later)).toBe("1.1.0");
  });

  it("is in the release again once the tag is gone", async () => {
    const world = aWorld();
    await runFor(world, 2);
    tag(world, "device-7", newest(world));
    await runFor(world, 2, BOTH);
    world.devices.mergeTwin("device-7", { tags: { rollout: { quarantine: null } } });
    world.settle(() => "ok");
    expect(asked(world, "device-7")).toBe("1.2.0");
  });

  it("by a value that is no number is told nothing, as one that is held", async () => {
    const world = aWorld();
    await runFor(world, 2);
    tag(world, "device-7", "lab");
    world.devices.mergeTwin("device-8", { tags: { rollout: { hold: "lab" } } });
    world.settle(() => "ok");
    expect([asked(world, "device-7"), asked(world, "device-8")]).toEqual([undefined, undefined]);
  });
});
