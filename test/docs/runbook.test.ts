import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refId } from "../../rollout/model/attempt.ts";
import { LABEL } from "../../rollout/model/labels.ts";
import { WavegateError } from "../../rollout/model/problem.ts";
import { reconcile } from "../../rollout/reconcile/reconcile.ts";
import { stopRelease } from "../../rollout/reconcile/stop-release.ts";
import { percent, ring } from "../../rollout/wavegate.ts";
import { PROJECT } from "../support/command-line.ts";
import { aFleet, aRelease, declared, imagesOf } from "../support/declarations.ts";
import { createWorld, type World } from "../support/world.ts";
import { codeBlocks } from "./doc-files.ts";

// What docs/runbook.md says of edits by hand; its outages are drilled in test/e2e/drill.test.ts.

const HOUR = 3_600_000;
const REF = refId("thermostat");
const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const ONE = declared(aRelease("1.1.0", { waves: WAVES }));
const TWO = declared(aRelease("1.1.0", { waves: WAVES }), aRelease("1.2.0", { waves: WAVES }));
const STORE_CALLS = /record|mark|tombstone|look|contents/;
const OPERATOR = { actor: "operator", queryLagMs: 0, reason: "see the runbook" };

describe("the runbook, after an edit by hand", () => {
  it("restores a ref that was deleted, by the document that it shows", async () => {
    const world = await inCanary();
    const before = world.configuration(REF);
    world.remove(REF);
    expect((await rest(world, ONE)).status?.text).toMatch(/REF_LOST: the ref of thermostat/);
    const { id, labels, content, targetCondition, priority } = refOfPage(before?.labels[LABEL.head] ?? "");
    await world.hub.create({
      ...{ id, labels, priority, condition: targetCondition, metrics: {} },
      content: content.deviceContent,
    });
    expect(world.configuration(REF)?.content).toEqual(before?.content);
    await carryOn(world, ONE);
    expect(running(world)).toEqual({ "1.1.0": 24 });
  });

  it("brings devices back to an earlier release when a release is emptied in the portal", async () => {
    const world = await inCanary();
    await carryOn(world, ONE);
    await carryOn(world, TWO, 2);
    expect(running(world)).toEqual({ "1.1.0": 18, "1.2.0": 6 });
    world.edit("fw--thermostat--1-2-0--1", { condition: "" });
    world.settle(() => "ok");
    expect(running(world)).toEqual({ "1.1.0": 24 });
  });

  it.each([
    [
      "emptied",
      (world: World): void => {
        world.edit("fw--thermostat--1-1-0--1", { condition: "" });
      },
    ],
    [
      "narrowed",
      (world: World): void => {
        world.edit("fw--thermostat--1-1-0--1", { condition: "tags.rollout.ring = 'nobody'" });
      },
    ],
    [
      "deleted",
      (world: World): void => {
        world.remove("fw--thermostat--1-1-0--1");
      },
    ],
  ])("leaves devices of an adopted fleet on a release that was %s until it is aborted", async (_, byHand) => {
    const world = await inCanary();
    byHand(world);
    await carryOn(world, ONE);
    expect(running(world)).toEqual({ "1.0.0": 18, "1.1.0": 6 });
    await stopRelease({ kind: "abort", product: "thermostat", ...OPERATOR }, world.ports);
    world.settle(() => "ok");
    expect(running(world)).toEqual({ "1.0.0": 24 });
    await carryOn(world, ONE);
    expect(running(world)).toEqual({ "1.0.0": 24 });
  });

  it("takes devices of an adopted fleet back once the records can be read again", async () => {
    const world = await inCanary();
    world.edit("fw--thermostat--1-1-0--1", { condition: "" });
    world.fault = ({ call }) => {
      if (STORE_CALLS.test(call)) throw new WavegateError("RECORD_STORE_FAILED", call, { hint: "" });
    };
    await stopRelease({ kind: "abort", product: "thermostat", ...OPERATOR }, world.ports);
    await carryOn(world, ONE);
    expect(running(world)).toEqual({ "1.0.0": 18, "1.1.0": 6 });
    world.fault = () => undefined;
    await carryOn(world, ONE);
    expect(running(world)).toEqual({ "1.0.0": 24 });
  });
});

async function inCanary(): Promise<World> {
  const images = imagesOf("1.0.0", "1.1.0", "1.2.0");
  const world = createWorld({ devices: aFleet(24), version: "1.0.0", images });
  await rest(world, ONE);
  world.settle(() => "ok");
  expect(running(world)).toEqual({ "1.0.0": 18, "1.1.0": 6 });
  return world;
}

async function rest(world: World, product: typeof ONE): ReturnType<typeof reconcile> {
  for (;;) {
    const result = await reconcile(product, world.ports, { actor: "cron", queryLagMs: 0 });
    if (result.steps.length === 0) return result;
  }
}

/** Let a rollout go as far as it goes in so many bakes. */
async function carryOn(world: World, product: typeof ONE, bakes = 8): Promise<void> {
  for (let bake = 0; bake < bakes; bake++) {
    await rest(world, product);
    world.settle(() => "ok");
    if (bake < bakes - 1) world.advance(4 * HOUR);
  }
}

function running(world: World): Readonly<Record<string, number>> {
  const versions = [...world.devices.all()].map(({ reported }) => {
    // The agent's block, as the contract has it.
    const firmware = reported.value["firmware"] as { readonly currentFwVersion: string };
    return firmware.currentFwVersion;
  });
  return Object.fromEntries(
    Object.entries(Object.groupBy(versions.toSorted(), (version) => version)).map(([version, all]) => [
      version,
      all?.length ?? 0,
    ]),
  );
}

interface RefDocument {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly content: { readonly deviceContent: Readonly<Record<string, unknown>> };
  readonly targetCondition: string;
  readonly priority: number;
}

/** The JSON that the page shows, with the digest that somebody would write into it. */
function refOfPage(digest: string): RefDocument {
  const page = readFileSync(join(PROJECT, "docs/runbook.md"), "utf8");
  const [block] = codeBlocks(page).filter(({ language }) => language === "json");
  // The page's own form.
  return JSON.parse((block?.lines ?? []).join("\n").replace("DIGEST", digest)) as RefDocument;
}
