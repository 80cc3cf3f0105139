import { describe, expect, it } from "vitest";
import { act } from "../../../../rollout/cli/dashboard/act.ts";
import type { Decided } from "../../../../rollout/cli/notify/tell-decision.ts";
import type { Session } from "../../../../rollout/cli/session.ts";
import type { Declared } from "../../../../rollout/plan/declared.ts";
import { percent, ring } from "../../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../../support/declarations.ts";
import { createWorld, type World } from "../../../support/world.ts";
import { ATTEMPT, headRecord, rest } from "../../reconcile/in-canary.ts";

const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke" },
] as const;
const RUNNING = aRelease("1.1.0", { waves: WAVES });
const NEXT = aRelease("1.2.0", { waves: WAVES });

/** The session of a dashboard on a world, by settings that pin who approves plans. */
function sessionOn(world: World, product: Declared): Session {
  const { records, images, clock } = world.ports;
  return {
    settings: { queryLag: 0, plans: { keys: ["the key of whoever approves"] } },
    ...{ hubs: [world.hub], records, images, clock, actor: "ada" },
    declarations: () => Promise.resolve({ products: [product], problems: [] }),
  } as unknown as Session; // The rest of a session is for other commands.
}

describe("a click in the dashboard", () => {
  it("resumes, and starts nothing on the way that only a signed plan may start", async () => {
    const images = imagesOf("1.0.0", "1.1.0", "1.2.0");
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images });
    await rest(world, declared(RUNNING));
    world.settle(() => "ok");
    const session = sessionOn(world, declared(RUNNING, NEXT));
    const wanted = { product: "thermostat", reason: "odd calls" };
    const told: Decided[] = [];
    const tell = (decided: Decided): void => void told.push(decided);
    await act({ ...wanted, action: "hold" }, session, tell);
    expect(await act({ ...wanted, action: "resume" }, session, tell)).toMatchObject({
      text: "1.1.0 goes on",
    });
    expect(told).toMatchObject([
      { product: "thermostat", stops: [{ kind: "hold", attempt: ATTEMPT, reason: "odd calls" }] },
      { product: "thermostat" },
    ]);
    expect(headRecord(world)).toMatchObject({ kind: "resume", subject: ATTEMPT });
  });
});
