import { describe, expect, it } from "vitest";
import { repeatFailers } from "../../../rollout/engine/failed-devices.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { retry, type Retried } from "../../../rollout/reconcile/retry.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import type { StopKind } from "../../../rollout/model/stop.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, BASELINE, aWorld, headRecord, HOUR, PRODUCT, rest, intentOf } from "./in-canary.ts";

const SECOND = "fw--thermostat--1-1-0--2";

function again(
  world: World,
  more: { failed?: boolean; version?: string } = {},
  product: Declared = PRODUCT,
): Promise<Retried> {
  const options = { actor: "alice", queryLagMs: 0, reason: "the fan was off", failed: false, ...more };
  return retry(product, world.ports, options);
}

function stop(world: World, kind: StopKind): ReturnType<typeof stopRelease> {
  return stopRelease({ kind, product: "thermostat", actor: "operator", reason: "bad" }, world.ports);
}

/** 1.1.0 was stopped in its canary; two of the six had failed. */
async function stopped(kind: StopKind): Promise<World> {
  const world = aWorld();
  await rest(world);
  const failing = [...world.exposed(ATTEMPT)].slice(0, 2);
  world.settle(({ deviceId, version }) =>
    version === "1.1.0" && failing.includes(deviceId) ? "failed" : "ok",
  );
  await stop(world, kind);
  await rest(world);
  if (kind !== "abort") return world;
  world.settle(() => "ok");
  world.advance(HOUR);
  world.settle(() => "ok");
  await rest(world);
  expect(intentOf(world, ATTEMPT).state).toBe("rolled back");
  return world;
}

describe.each(["abort", "halt"] as const)("a release that ended in %s", (kind) => {
  it("starts again only when a person allows it: a new attempt, with evidence of its own", async () => {
    const world = await stopped(kind);
    await rest(world);
    expect(world.configuration(SECOND)).toBeUndefined();
    await again(world);
    expect(headRecord(world)).toMatchObject({
      kind: "retry",
      subject: ATTEMPT,
      actor: "alice",
      reason: "the fan was off",
    });
    await rest(world);
    const second = intentOf(world, SECOND);
    expect(second).toMatchObject({
      state: "running",
      wave: 0,
      retryOf: ATTEMPT,
      digest: intentOf(world, ATTEMPT).digest,
    });
    expect(world.exposed(SECOND).size).toBe(6);
    expect(headRecord(world).reason).toBe(`opens "canary"; tries ${ATTEMPT} again: the fan was off`);
    // The stop still stands for the attempt that it stopped.
    expect(intentOf(world, ATTEMPT).state).toBe(kind === "abort" ? "rolled back" : "halted");
    expect(world.exposed(ATTEMPT).size).toBe(kind === "abort" ? 0 : 6);
  });

  it("is allowed one attempt, not two", async () => {
    const world = await stopped(kind);
    await again(world);
    await rest(world);
    expect(intentOf(world, ATTEMPT).retry).toBeUndefined();
    await stop(world, "abort");
    await rest(world);
    world.advance(HOUR);
    world.settle(() => "ok");
    await rest(world);
    world.advance(40 * HOUR);
    await rest(world);
    expect(world.configuration("fw--thermostat--1-1-0--3")).toBeUndefined();
    expect(intentOf(world, SECOND).state).toBe("rolled back");
    // Its tombstone is its own: a hub that went back in time would be told of the second stop too.
    expect([...world.tombstones].some((name) => /^[0-9a-f]{64}\.2$/.test(name))).toBe(true);
  });

  it("is tried again on the devices that failed, and on nobody else", async () => {
    const world = await stopped(kind);
    const failed = intentOf(world, ATTEMPT).failed ?? [];
    expect(failed).toHaveLength(2);
    expect(await again(world, { failed: true })).toMatchObject({ only: failed, repeatFailers: [] });
    await rest(world);
    expect([...world.exposed(SECOND)].sort()).toEqual(failed);
    world.settle(() => "ok");
    await rest(world);
    world.advance(4 * HOUR);
    await rest(world);
    expect(intentOf(world, SECOND).state).toBe("watching");
    expect([...world.exposed(SECOND)].sort()).toEqual(failed);
  });
});

describe("a retry", () => {
  it("of a held release gives it up where it stands", async () => {
    const world = await stopped("hold");
    await again(world);
    await rest(world);
    expect(intentOf(world, ATTEMPT).state).toBe("superseded");
    expect(intentOf(world, SECOND).state).toBe("running");
    await expect(
      resume(PRODUCT, world.ports, { actor: "alice", queryLagMs: 0, reason: "no" }),
    ).rejects.toMatchObject({ code: "NOTHING_TO_STOP" });
  });

  it("waits until the devices are back", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(() => "ok");
    await stop(world, "abort");
    await expect(again(world)).rejects.toMatchObject({ code: "NOTHING_TO_RETRY", message: /coming back/ });
  });

  it.each([
    ["nothing was stopped", [], /no release/],
    ["a version above it is declared", ["1.2.0"], /above 1\.1\.0/],
    ["its file is gone", undefined, /is gone/],
  ] as const)("is refused where %s", async (_, others, message) => {
    const world = others?.length === 0 ? aWorld() : await stopped("abort");
    if (others?.length === 0) await rest(world);
    const [own] = PRODUCT.releases;
    const above = declared(aRelease("1.2.0")).releases;
    const releases =
      others === undefined ? [] : [...(own === undefined ? [] : [own]), ...(others.length > 0 ? above : [])];
    await expect(again(world, {}, { ...PRODUCT, releases })).rejects.toMatchObject({
      code: "NOTHING_TO_RETRY",
      message,
    });
  });

  it("of more failed devices than can be named says what to do", async () => {
    const everyone = declared(
      aRelease("1.1.0", {
        waves: [{ name: "everyone", cohort: percent(100), kind: "smoke" }],
        gate: { ...aRelease("1.1.0").gate, onAbort: "halt" },
      }),
    );
    const world = createWorld({ devices: aFleet(150), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await rest(world, everyone);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    await rest(world, everyone);
    expect(intentOf(world, ATTEMPT)).toMatchObject({ state: "halted" });
    expect(intentOf(world, ATTEMPT).failed).toBeUndefined();
    await expect(again(world, { failed: true }, everyone)).rejects.toMatchObject({
      code: "TOO_MANY_DEVICES",
      hint: /declare a corrected version/,
    });
  });

  it("names devices that failed twice", async () => {
    const world = await stopped("abort");
    const [bad = ""] = intentOf(world, ATTEMPT).failed ?? [];
    await again(world);
    await rest(world);
    world.settle(({ deviceId, version }) => (version === "1.1.0" && deviceId === bad ? "failed" : "ok"));
    await stop(world, "abort");
    await rest(world);
    expect(repeatFailers(headRecord(world).intents)).toEqual([bad]);
    world.advance(HOUR);
    world.settle(() => "ok");
    await rest(world);
    expect(await again(world)).toMatchObject({ attempt: SECOND, repeatFailers: [bad] });
  });

  it("that is stopped is taken back to the baseline, as the first was", async () => {
    const world = await stopped("abort");
    await again(world);
    await rest(world);
    world.settle(() => "ok");
    await stop(world, "abort");
    await rest(world);
    expect(world.exposed(SECOND).size).toBe(0);
    expect(world.exposed(BASELINE).size).toBe(6);
  });
});

describe("a newer release", () => {
  const waves = [
    { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
    { name: "everyone", cohort: percent(100), kind: "smoke" as const },
  ];
  const first = aRelease("1.1.0", { waves, watch: "10 days" });
  const second = aRelease("1.2.0", { waves });
  const images = imagesOf("1.0.0", "1.1.0", "1.2.0");
  const later = "fw--thermostat--1-2-0--1";

  async function withFirst(): Promise<World> {
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images });
    await rest(world, declared(first));
    world.settle(() => "ok");
    await rest(world, declared(first));
    return world;
  }

  it("freezes a healthy one where it stands", async () => {
    const world = await withFirst();
    await rest(world, declared(first, second));
    expect(intentOf(world, ATTEMPT).state).toBe("superseded");
    expect(world.exposed(ATTEMPT).size).toBe(6);
    world.advance(40 * HOUR);
    await rest(world, declared(first, second));
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("leaves an aborted one empty", async () => {
    const world = await withFirst();
    await stop(world, "abort");
    await rest(world, declared(first, second));
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(intentOf(world, later).state).toBe("running");
  });

  it("lets a completed one be watched, and a late defect take it back", async () => {
    const world = await withFirst();
    for (let count = 0; count < 3; count++) {
      world.advance(4 * HOUR);
      await rest(world, declared(first));
      world.settle(() => "ok");
      await rest(world, declared(first));
    }
    expect(intentOf(world, ATTEMPT).state).toBe("watching");
    await rest(world, declared(first, second));
    expect(intentOf(world, ATTEMPT).state).toBe("watching");
    expect(intentOf(world, later).state).toBe("running");
    const everyone = [...world.exposed(ATTEMPT)];
    for (const deviceId of everyone.slice(6, 16))
      world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
    await rest(world, declared(first, second));
    expect(intentOf(world, ATTEMPT).state).toBe("rolling back");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    // And after the last wave an operator's abort works too.
    await stop(world, "abort");
    await rest(world, declared(first, second));
    expect(intentOf(world, later).state).toBe("rolling back");
  });
});
