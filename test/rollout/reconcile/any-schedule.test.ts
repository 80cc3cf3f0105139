import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { refId } from "../../../rollout/model/attempt.ts";
import { headOf, slotOf } from "../../../rollout/model/labels.ts";
import { parseAttemptId } from "../../../rollout/model/attempt.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { isCertified } from "../../../rollout/plan/documents.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

/** What happens while a controller is between two of its calls. */
const DISTURBANCES = [
  "crash",
  "lost answer",
  "other controller",
  "operator aborts",
  "portal empties",
  "portal widens",
  "hub evaluates",
] as const;

const turn = fc.record({
  /** Minutes until this controller looks. */
  after: fc.constantFrom(5, 30, 240),
  disturbances: fc.array(fc.record({ atCall: fc.nat({ max: 25 }), what: fc.constantFrom(...DISTURBANCES) }), {
    maxLength: 2,
  }),
});

const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
    gate: {
      tolerate: "2%",
      reject: "10%",
      falseStop: "5%",
      missedBad: "5%",
      deadline: "3 hours",
      bake: "3.5 hours",
      harmCap: 3,
      coverage: "80%",
    },
  }),
);
const ATTEMPT = "fw--thermostat--1-1-0--1";
const OPTIONS = { actor: "test", queryLagMs: 0 };

class Crash extends Error {}

/** A world that checks the rules of the protocol at every write of ours. */
function watchedWorld(): World & { readonly broken: string[]; portalEmptied: boolean } {
  const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  const { hub } = world;
  const broken: string[] = [];
  const replace: typeof hub.replace = async (document, etag) => {
    const before = world.exposed(document.id);
    const slot = slotOf(
      world.configuration(document.id)?.labels ?? {},
      parseAttemptId(document.id) ?? ("" as never),
    );
    const head = headOf(world.configuration(refId("thermostat"))?.labels ?? {});
    const written = await hub.replace(document, etag);
    const grown = [...world.exposed(document.id)].filter((deviceId) => !before.has(deviceId));
    const intent =
      head === undefined
        ? undefined
        : world.records.get(head)?.intents.find(({ attempt }) => attempt === document.id);
    if (grown.length > 0 && document.id === ATTEMPT) {
      if (watched.portalEmptied)
        broken.push("what a person emptied in the portal was widened without a resume");
      if (slot?.kind === "abort") broken.push("an aborted release was widened");
      if (intent?.condition !== document.condition)
        broken.push("a release was widened beyond the head record");
      if (!chainIsComplete(world)) broken.push("a release was widened under an incomplete chain");
    }
    return written;
  };
  const create: typeof hub.create = async (document) => {
    if (document.condition !== "") broken.push("a create exposed devices");
    return hub.create(document);
  };
  const watched = Object.assign(world, {
    broken,
    portalEmptied: false,
    ports: { ...world.ports, hubs: [{ ...hub, replace, create }] },
  });
  return watched;
}

function chainIsComplete(world: World): boolean {
  let next: string | null | undefined = headOf(world.configuration(refId("thermostat"))?.labels ?? {});
  while (typeof next === "string") next = world.records.get(next as never)?.parent;
  return next === null;
}

/** Look once; a crash, a lost race or the store's weather ends the run, as it would end a process. */
async function look(world: World): Promise<number> {
  try {
    return (await reconcile(PRODUCT, world.ports, OPTIONS)).steps.length;
  } catch (error) {
    if (error instanceof Crash || error instanceof WavegateError) return 1;
    throw error;
  }
}

async function disturb(
  world: ReturnType<typeof watchedWorld>,
  what: (typeof DISTURBANCES)[number],
  behave: Parameters<World["settle"]>[0],
): Promise<void> {
  switch (what) {
    case "crash":
    case "lost answer":
      throw new Crash(what);
    case "other controller":
      await look(world);
      return;
    case "operator aborts":
      await stopRelease(
        { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
        world.ports,
      ).catch((error: unknown) => {
        if (!(error instanceof WavegateError)) throw error;
      });
      return;
    case "portal empties":
      if (world.configuration(ATTEMPT) === undefined) return;
      world.edit(ATTEMPT, { condition: "" });
      // Several edits between two looks count as one: back at what we wrote last, nobody can see that there was any.
      world.portalEmptied ||= !isCertified(world.configuration(ATTEMPT) ?? ({} as never));
      return;
    case "portal widens":
      if (world.configuration(ATTEMPT) === undefined) return;
      // The person has opened it again.
      world.portalEmptied = false;
      world.edit(ATTEMPT, { condition: "*" });
      return;
    case "hub evaluates":
      world.settle(behave);
      return;
  }
}

describe("the protocol, under any schedule of two controllers, crashes, lost answers, operators and portal edits", () => {
  test.prop([fc.array(turn, { maxLength: 30 }), fc.boolean()], {
    // `npm run soak` sets more.
    numRuns: Number(process.env["SOAK_RUNS"] ?? 150),
  })(
    "never widens beyond the head record or after an abort, and comes to rest with the tree as recorded",
    async (turns, bad) => {
      const world = watchedWorld();
      const behave = ({ version }: { version: string }): "ok" | "failed" =>
        bad && version === "1.1.0" ? "failed" : "ok";
      for (const { after, disturbances } of turns) {
        world.advance(after * 60_000);
        world.settle(behave);
        let call = 0;
        const due = [...disturbances];
        world.fault = async ({ when }) => {
          if (when === "before") call += 1;
          const index = due.findIndex(
            ({ atCall, what }) => atCall === call && (what === "lost answer") === (when === "after"),
          );
          if (index === -1) return;
          const [{ what } = { what: "crash" as const }] = due.splice(index, 1);
          await disturb(world, what, behave);
        };
        await look(world);
        world.fault = () => undefined;
        expect(world.broken).toEqual([]);
      }
      // Faults end: one controller alone brings everything to rest.
      let rounds = 0;
      while ((await look(world)) > 0) {
        world.settle(behave);
        rounds += 1;
        expect(rounds).toBeLessThan(12);
      }
      expect(world.broken).toEqual([]);
      expect(chainIsComplete(world)).toBe(true);
      const head = world.records.get(headOf(world.configuration(refId("thermostat"))?.labels ?? {}) as never);
      const intent = head?.intents.find(({ attempt }) => attempt === ATTEMPT);
      const condition = world.configuration(ATTEMPT)?.condition ?? "";
      if (intent === undefined) return;
      const { state } = intent;
      if (state === "rolling back" || state === "rolled back") expect(condition).toBe("");
      if (state === "running" || state === "watching") expect(condition).toBe(intent.condition);
      // What is held may only have shrunk.
      if (state === "held" && condition !== "") expect(condition).toContain(intent.condition);
    },
  );
});
