import { describe, expect, it } from "vitest";
import type { ProductPlan } from "../../../rollout/plan/product-plan.ts";
import { createdCount } from "../../../rollout/plan/changes.ts";
import { floorAfter } from "../../../rollout/plan/floor.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { percent, type ProductDeclaration, type ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, aSignedArtifact, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { aWorld, BASELINE, HOUR, rest } from "./in-canary.ts";

// What a plan says about the way back, before anybody is given the release.

const B = "tags.rollout.stratum = 'B'";
const EVERYONE = [{ name: "everyone", cohort: percent(100), kind: "smoke" as const }];
const GATE = aRelease("1.1.0").gate;

function product(
  releases: readonly ReleaseDeclaration[],
  adopt: NonNullable<ProductDeclaration["adopt"]> = { version: "1.0.0", artifact: anArtifact("1.0.0") },
): Declared {
  const checked = checkDeclarations({
    fleet: { value: { products: { thermostat: { adopt } } }, file: "fleet.ts" },
    releases: releases.map((value) => ({ value, file: `releases/${value.version}.ts` })),
  });
  const [declared] = checked.products;
  if (declared === undefined || checked.problems.length > 0)
    throw new Error(JSON.stringify(checked.problems));
  return declared;
}

async function planOf(world: World, declared: Declared): Promise<ProductPlan> {
  const { plan } = await observeProduct(declared, { ...world.ports, settings: { queryLag: 0 } });
  if (plan.kind !== "known") throw new Error(plan.kind);
  return plan.value;
}

function told({ problems }: ProductPlan): string[] {
  return problems.map(({ severity, code, summary }) => `${severity} ${code}: ${summary}`);
}

/** Carry what is declared to everyone. */
async function complete(world: World, declared: Declared): Promise<void> {
  for (let wave = 0; wave < 3; wave++) {
    await rest(world, declared);
    world.settle(() => "ok");
    world.advance(4 * HOUR);
  }
  await rest(world, declared);
}

describe("the way back of a release", () => {
  it("is told where everything is in place", async () => {
    const plan = await planOf(aWorld(), product([aRelease("1.1.0", { waves: EVERYONE })]));
    expect(plan.release?.wayBack).toEqual({
      baselines: [{ version: "1.0.0", attempt: BASELINE }],
      uncaught: 0,
      onAbort: "roll back",
    });
    expect(told(plan)).toEqual([]);
  });

  it.each([
    ["roll back", /^error NO_BASELINE: no earlier release/],
    ["halt", /^warning NO_BASELINE: .*not taken back \(a stop can halt, not undo\)$/],
  ] as const)("without a baseline blocks what would %s only if it undoes", async (onAbort, expected) => {
    const release = aRelease("1.1.0", { waves: EVERYONE, gate: { ...GATE, onAbort } });
    const plan = await planOf(aWorld(), product([release], []));
    expect(told(plan)).toEqual([expect.stringMatching(expected)]);
  });

  it("counts devices that no baseline would catch, the adopted ones' own conditions included", async () => {
    const world = aWorld();
    const adopt = [
      { version: "1.0.0", artifact: anArtifact("1.0.0"), where: B },
      { version: "1.0.0", artifact: anArtifact("1.0.0"), where: "tags.rollout.stratum = 'A'" },
    ];
    const declared = product([], adopt);
    await rest(world, declared);
    const release = aRelease("1.1.0", { waves: EVERYONE });
    expect(told(await planOf(world, product([release], adopt)))).toEqual([]);
    // Two devices of a revision that nothing was adopted for.
    for (const deviceId of ["device-3", "device-8"])
      world.devices.mergeTwin(deviceId, { tags: { rollout: { stratum: "C" } } });
    const plan = await planOf(world, product([release], adopt));
    expect(plan.release?.wayBack.uncaught).toBe(2);
    expect(told(plan)).toEqual([
      "error NO_BASELINE: 2 of its 24 devices are under no baseline (1.0.0): nothing would take them back",
    ]);
    expect((await rest(world, product([release], adopt))).problems).toMatchObject([{ code: "NO_BASELINE" }]);
    const onlyB = aRelease("1.1.0", { waves: EVERYONE, where: B });
    expect(told(await planOf(world, product([onlyB], adopt)))).toEqual([]);
  });

  it("is caught by a release that reached its own devices only, and not by more", async () => {
    const world = aWorld();
    const onlyB = aRelease("1.1.0", { waves: EVERYONE, where: B });
    await complete(world, product([onlyB]));
    // The baseline of everyone is still below: whoever 1.1.0 does not name falls through to it.
    const plan = await planOf(
      world,
      product([onlyB, aRelease("1.2.0", { waves: EVERYONE, artifact: anArtifact("1.1.0") })]),
    );
    expect(plan.release?.wayBack).toMatchObject({ baselines: [{ version: "1.1.0" }], uncaught: 0 });
  });

  it("needs the baseline's configuration to be there still", async () => {
    const world = aWorld();
    await rest(world, product([]));
    world.remove(BASELINE);
    const plan = await planOf(world, product([aRelease("1.1.0", { waves: EVERYONE })]));
    expect(told(plan)).toEqual([
      `error NO_BASELINE: its configuration ${BASELINE} is gone from memory, or is another one: it takes nobody back`,
    ]);
    expect(plan.changes).toContainEqual(
      expect.objectContaining({
        kind: "keep",
        id: BASELINE,
        reason: expect.stringContaining("REF_LOST") as string,
      }),
    );
  });

  it("needs the baseline's bits", async () => {
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.1.0") });
    const release = aRelease("1.1.0", { waves: EVERYONE, gate: { ...GATE, onAbort: "halt" } });
    const plan = await planOf(world, product([release]));
    // Adopting it is another matter, and blocks.
    expect(told(plan).map((line) => line.split(":")[0])).toEqual([
      "error ARTIFACT_MISSING",
      "warning ARTIFACT_MISSING",
    ]);
  });

  it.each([
    ["1.0.0", undefined],
    [
      "1.0.1",
      "error FLOOR_BLOCKS_ROLLBACK: devices that took the release refuse everything below 1.0.1: they would not go back to 1.0.0",
    ],
  ])("ends at the floor that the signed manifest states: %s", async (floor, problem) => {
    const adopt = { version: "1.0.0", artifact: aSignedArtifact("1.0.0") };
    const release = aRelease("1.1.0", { waves: EVERYONE, artifact: aSignedArtifact("1.1.0", { floor }) });
    const plan = await planOf(aWorld(), product([release], adopt));
    expect(plan.release?.wayBack.floor).toBe(floor);
    expect(told(plan)).toEqual(problem === undefined ? [] : [problem]);
  });

  it("does not lead devices with pinned keys to a baseline that is not signed", async () => {
    const plan = await planOf(
      aWorld(),
      product([aRelease("1.1.0", { waves: EVERYONE, artifact: aSignedArtifact("1.1.0") })]),
    );
    expect(told(plan)).toEqual([
      "warning SIGNATURE_MISSING: it is not signed, as 1.1.0 is: devices with pinned keys would not go back to it",
    ]);
  });

  it.each(["", "{}", "no JSON", '{"floor":"1.0.0"}'])("knows no floor from the manifest %j", (manifest) => {
    expect(floorAfter({ ...anArtifact("1.0.0"), manifest }, [])).toBeUndefined();
  });
});

describe("room for configurations", () => {
  /** Configurations of others, for nobody. */
  async function crowd(world: World, count: number): Promise<void> {
    for (let index = 0; index < count; index++)
      await world.hub.create({
        id: `other-${index}`,
        labels: {},
        content: { "properties.desired.telemetry": { every: 60 } },
        condition: "",
        priority: 1,
        metrics: {},
      });
  }
  const RELEASE = aRelease("1.1.0", { waves: EVERYONE });

  it.each([
    // The ref, the baseline and the release come on top.
    [77, []],
    [
      78,
      [
        /^warning CONFIG_QUOTA: 78 of 100 configurations stand on it \(0 of them wavegate's\), and 3 more are needed$/,
      ],
    ],
    [97, [/^warning CONFIG_QUOTA: 97 of 100/]],
    [98, [/^error CONFIG_QUOTA: 98 of 100/]],
  ])("on a hub with %i of them", async (count, expected) => {
    const world = aWorld();
    await crowd(world, count);
    const found = told(await planOf(world, product([RELEASE])));
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it("is shared by the products that are planned together", async () => {
    const world = aWorld();
    await crowd(world, 94);
    const of = product([RELEASE]);
    const planned = async (others: number): Promise<string[]> => {
      const { plan } = await observeProduct(of, { ...world.ports, settings: { queryLag: 0 }, others });
      if (plan.kind !== "known") throw new Error(plan.kind);
      expect(createdCount(plan.value.changes)).toBe(3);
      return told(plan.value);
    };
    expect(await planned(3)).toEqual([expect.stringMatching(/^warning CONFIG_QUOTA/)]);
    expect(await planned(4)).toEqual([
      expect.stringMatching(/^error CONFIG_QUOTA: .*3 more are needed, beside 4 of other products$/),
    ]);
  });

  it("of the free tier is ten", async () => {
    const world = aWorld();
    await crowd(world, 8);
    const hub = { ...world.hub, size: { tier: "F1", units: 1 } as const };
    const { plan } = await observeProduct(product([RELEASE]), {
      ...world.ports,
      hubs: [hub],
      settings: { queryLag: 0 },
    });
    expect(plan).toMatchObject({
      kind: "known",
      value: { problems: [{ severity: "error", code: "CONFIG_QUOTA" }] },
    });
  });

  it("is made by retirement, before the release that needs it starts", async () => {
    const world = createWorld({
      devices: aFleet(24),
      version: "1.0.0",
      images: imagesOf("1.0.0", "1.1.0", "1.2.0", "1.3.0"),
    });
    const releases = ["1.1.0", "1.2.0", "1.3.0"].map((version) => aRelease(version, { waves: EVERYONE }));
    for (const count of [1, 2]) {
      await complete(world, product(releases.slice(0, count)));
      world.advance(25 * HOUR);
      // Settles; retirement waits for what comes next.
      await rest(world, product(releases.slice(0, count)));
    }
    // The adopted baseline is behind two settled releases: it goes. Fill the hub before it does.
    const before = (await world.hub.list()).configurations.length;
    await crowd(world, 100 - before);
    const plan = await planOf(world, product(releases));
    expect(told(plan)).toEqual([
      expect.stringMatching(
        /^error CONFIG_QUOTA: 100 of 100 .*; retirement frees 1, the first within an hour or two$/,
      ),
    ]);
    for (let looks = 0; looks < 3; looks++) {
      await rest(world, product(releases));
      world.advance(2 * HOUR);
    }
    expect(world.configuration(BASELINE)).toBeUndefined();
    expect(world.configuration("fw--thermostat--1-3-0--1")).toBeDefined();
  });
});
