import { describe, expect, it } from "vitest";
import type { Command, Context, Result } from "../../../rollout/cli/command.ts";
import { abort } from "../../../rollout/cli/commands/abort.ts";
import { hold } from "../../../rollout/cli/commands/hold.ts";
import { reconcile } from "../../../rollout/cli/commands/reconcile.ts";
import type { Session } from "../../../rollout/cli/session.ts";
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

function consoleOn(world: World): (command: Command, ...args: readonly string[]) => Promise<Result> {
  const { records, images, clock } = world.ports;
  const session = {
    settings: { queryLag: 0, otherHubs: [], hub: { name: "memory", tier: "S1", units: 1 } },
    ...{ hubs: [world.hub], records, images, clock, actor: "ada" },
    declarations: () => Promise.resolve(DECLARED),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = {
    session: () => Promise.resolve(session),
    progress: () => undefined,
    signal: new AbortController().signal,
  } as unknown as Context;
  return (command, ...args) => command.run(context, { args, options: { reason: "odd calls" } });
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
    const run = consoleOn(world);
    await run(reconcile);
    await run(reconcile);
    world.settle(() => "ok");
    await run(hold, held);
    await run(abort, stopped);
    expect((await run(reconcile)).exitCode).toBe(3);
  });
});
