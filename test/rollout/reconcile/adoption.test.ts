import { describe, expect, it } from "vitest";
import type { AdoptDeclaration } from "../../../rollout/model/fleet.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { ring, percent, type ProductDeclaration } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, BASELINE, crashAt, Crash, headRecord, rest, stateOf } from "./in-canary.ts";

// A fleet whose devices do not all run the same: revision B left the factory with 0.9.0.

const B = "tags.rollout.stratum = 'B'";
const OLD = "fw--thermostat--0-9-0--1";
const SPLIT: readonly AdoptDeclaration[] = [
  { version: "0.9.0", artifact: anArtifact("0.9.0"), where: B },
  { version: "1.0.0", artifact: anArtifact("1.0.0") },
];
const STORE_CALLS = ["get record", "tombstone", "put record", "mark"];
const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "half", cohort: percent(50), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];

function product(adopt: ProductDeclaration["adopt"] = SPLIT, waves = WAVES.slice(1)): Declared {
  const checked = checkDeclarations({
    fleet: { value: { products: { thermostat: { adopt } } }, file: "fleet.ts" },
    releases: [{ value: aRelease("1.1.0", { waves }), file: "releases/thermostat-1.1.0.ts" }],
  });
  const [declared] = checked.products;
  if (declared === undefined) throw new Error(JSON.stringify(checked.problems));
  return declared;
}

function aWorld(): World {
  const world = createWorld({
    devices: aFleet(40),
    version: "1.0.0",
    images: imagesOf("0.9.0", "1.0.0", "1.1.0"),
  });
  for (const { deviceId, tags } of world.devices.all())
    if ((tags?.["rollout"] as { stratum: string }).stratum === "B")
      world.devices.mergeReported(deviceId, { firmware: { currentFwVersion: "0.9.0" } });
  return world;
}

async function codes(world: World, declared: Declared): Promise<string[]> {
  const ports = { ...world.ports, settings: { queryLag: 0 } };
  const { plan } = await observeProduct(declared, ports);
  if (plan.kind !== "known") throw new Error(plan.kind);
  return plan.value.problems.map(({ severity, code, summary }) => `${severity} ${code}: ${summary}`);
}

describe("adopting several baselines", () => {
  it("takes one after another over, for nobody, and starts above them", async () => {
    const world = aWorld();
    await rest(world, product());
    expect(
      headRecord(world).intents.map(({ version, state, priority }) => [version, state, priority]),
    ).toEqual([
      ["1.0.0", "adopted", 1_000],
      ["0.9.0", "adopted", 1_010],
      ["1.1.0", "running", 1_020],
    ]);
    expect(world.configuration(BASELINE)?.condition).toBe("");
    expect(world.configuration(OLD)?.condition).toBe("");
    expect(Object.keys(world.configuration(OLD)?.metrics ?? {})).toHaveLength(5);
  });

  it("is finished by the next run after a crash between two", async () => {
    const world = aWorld();
    crashAt(world, "before", `create ${OLD}`);
    await expect(rest(world, product())).rejects.toThrow(Crash);
    world.fault = () => undefined;
    await rest(world, product());
    expect(headRecord(world).intents.map(({ version }) => version)).toEqual(["1.0.0", "0.9.0", "1.1.0"]);
  });

  it("gives each baseline exactly its own of the exposed devices, with the record store down", async () => {
    const world = aWorld();
    await rest(world, product());
    world.settle(() => "ok");
    const exposed = world.exposed(ATTEMPT);
    expect(exposed.size).toBeGreaterThan(8);
    world.fault = ({ call }) => {
      if (STORE_CALLS.includes(call))
        throw new WavegateError("RECORD_STORE_FAILED", "the store is down", { hint: "wait" });
    };
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    world.fault = () => undefined;
    expect(world.exposed(ATTEMPT).size).toBe(0);
    const stratumB = new Set([...exposed].filter((id) => Number(id.split("-")[1]) % 2 === 1));
    expect(stratumB.size).toBeGreaterThan(0);
    expect(world.exposed(OLD)).toEqual(stratumB);
    expect(world.exposed(BASELINE)).toEqual(exposed);
    await rest(world, product());
    expect(stateOf(world)).toMatch(/^roll/);
    world.settle(() => "ok");
    for (const id of exposed) {
      const { firmware } = world.devices.get(id).desired.value as { firmware: { fwVersion: string } };
      expect(firmware.fwVersion).toBe(stratumB.has(id) ? "0.9.0" : "1.0.0");
    }
  });

  it("gives a baseline that no longer says whom it is for to nobody", async () => {
    const world = aWorld();
    await rest(world, product());
    world.settle(() => "ok");
    world.edit(OLD, { metrics: {} });
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    expect(world.exposed(OLD).size).toBe(0);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("writes the metric back that a person removed", async () => {
    const world = aWorld();
    await rest(world, product());
    const before = world.configuration(OLD)?.metrics;
    world.edit(OLD, { metrics: {} });
    await rest(world, product());
    expect(world.configuration(OLD)?.metrics).toEqual(before);
  });

  it("stays as it was when fleet.ts names another version for the same devices later", async () => {
    const world = aWorld();
    await rest(world, product());
    const corrected = [
      { version: "0.8.0", artifact: anArtifact("0.9.0"), where: B },
      { version: "1.0.0", artifact: anArtifact("1.0.0") },
    ];
    await rest(world, product(corrected));
    expect(headRecord(world).intents).toHaveLength(3);
  });
});

describe("a plan of several baselines", () => {
  const one = (version: string, where?: string): readonly AdoptDeclaration[] => [
    { version, artifact: anArtifact(version), ...(where === undefined ? {} : { where }) },
  ];
  it.each([
    ["that are right", SPLIT, []],
    [
      "that overlap",
      [...one("0.9.0", B), ...one("1.0.0", "deviceId = 'device-1' OR deviceId = 'device-2'")].flat(),
      [
        /^error NO_BASELINE: 19 of 40 devices are under no adopted baseline/,
        /^error ADOPT_OVERLAP: 1 devices are both under/,
      ],
    ],
    ["that leave devices out", one("0.9.0", B), [/^error NO_BASELINE: 20 of 40 devices are under no/]],
    [
      "of which one is not what its devices run",
      [...one("1.0.0", B), ...one("1.1.0")].flat(),
      [
        /^error NO_BASELINE: none of 20 devices reports version 1.0.0/,
        /^error NO_BASELINE: none of 40 devices reports version 1.1.0/,
      ],
    ],
    [
      "of which one is for nobody",
      [...one("0.9.0", "tags.rollout.stratum = 'C'"), ...one("1.0.0")].flat(),
      [/^warning NO_BASELINE: no device of the product is under its condition/],
    ],
  ] as const)("%s says so", async (_, adopt, expected) => {
    const found = await codes(aWorld(), product(adopt));
    for (const pattern of expected) expect(found).toContainEqual(expect.stringMatching(pattern));
    expect(found).toHaveLength(expected.length);
  });
});
