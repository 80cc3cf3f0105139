import { describe, expect, it } from "vitest";
import type { Command, Context, Result } from "../../../rollout/cli/command.ts";
import { abort } from "../../../rollout/cli/commands/abort.ts";
import { apply } from "../../../rollout/cli/commands/apply.ts";
import { hold } from "../../../rollout/cli/commands/hold.ts";
import { reconcile } from "../../../rollout/cli/commands/reconcile.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

const NAMES = ["boiler", "thermostat"] as const;
const ADOPTED = { adopt: { version: "1.0.0", artifact: anArtifact("1.0.0") } };
const DECLARED = checkDeclarations({
  fleet: { value: { products: { boiler: ADOPTED, thermostat: ADOPTED } }, file: "fleet.ts" },
  releases: NAMES.map((product) => ({
    value: aRelease("1.1.0", {
      product,
      waves: [
        { name: "canary", cohort: ring("canary"), kind: "smoke" },
        { name: "everyone", cohort: percent(100), kind: "smoke" },
      ],
    }),
    file: `releases/${product}.ts`,
  })),
});

interface Console {
  readonly progress: readonly string[];
  readonly run: (command: Command, ...args: readonly string[]) => Promise<Result>;
}

function consoleOn(world: World): Console {
  const { records, images, clock } = world.ports;
  const session = {
    settings: { queryLag: 0, otherHubs: [], hub: { name: "memory", tier: "S1", units: 1 } },
    ...{ hubs: [world.hub], records, images, clock, actor: "ada" },
    declarations: () => Promise.resolve(DECLARED),
  } as unknown as Session; // The rest of a session is for other commands.
  const progress: string[] = [];
  const context = {
    session: () => Promise.resolve(session),
    progress: (line: string) => progress.push(line),
    signal: new AbortController().signal,
  } as unknown as Context;
  const options = { reason: "odd calls", wait: false };
  return { progress, run: (command, ...args) => command.run(context, { args, options }) };
}

describe("a reconcile of several products", () => {
  it.each([
    ["boiler", "thermostat"],
    ["thermostat", "boiler"],
  ])("ends in 3 where %s is held and %s was stopped, whichever comes first", async (held, stopped) => {
    const world = createWorld({ devices: aFleet(48), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    aFleet(48).forEach(({ deviceId }, index) => {
      world.devices.mergeTwin(deviceId, { tags: { product: NAMES[Math.floor(index / 2) % 2] ?? "boiler" } });
    });
    const { run } = consoleOn(world);
    await run(reconcile);
    await run(reconcile);
    world.settle(() => "ok");
    await run(hold, held);
    await run(abort, stopped);
    expect((await run(reconcile)).exitCode).toBe(3);
  });
});

describe("an apply of several products", () => {
  it("tells how each ended where one of them fails, and fails itself", async () => {
    const world = createWorld({ devices: aFleet(48), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run, progress } = consoleOn(world);
    world.fault = ({ when }) => {
      if (when === "before")
        throw new WavegateError("HUB_UNAUTHORIZED", "the key is no longer good", { hint: "" });
    };
    await expect(run(apply)).rejects.toMatchObject({ code: "HUB_UNAUTHORIZED" });
    expect(progress).toEqual(["thermostat: HUB_UNAUTHORIZED: the key is no longer good"]);
  });
});
