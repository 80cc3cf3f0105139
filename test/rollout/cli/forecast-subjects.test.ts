import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forecastSubjects, type ForecastChoice } from "../../../rollout/cli/forecast/forecast-subjects.ts";
import type { Context } from "../../../rollout/cli/command.ts";
import type { Settings } from "../../../rollout/cli/settings/settings.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { apply } from "../../../rollout/reconcile/apply.ts";
import { PROJECT } from "../../support/command-line.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

const MINUTE = 60_000;
const CHOICE: ForecastChoice = {
  release: undefined,
  product: undefined,
  before: undefined,
  fleet: undefined,
  taggedDevices: 20,
  lookMs: undefined,
};

const UNREADABLE = {
  products: [],
  problems: [
    { severity: "error", code: "FLEET_INVALID", path: "fleet.ts", summary: "it cannot be loaded", hint: "" },
  ],
};

/** What a command is given, with a hub in memory behind it. */
function contextOn(world: World, product: Declared): Context {
  const settings = {
    queryLag: 5 * MINUTE,
    lookEvery: 5 * MINUTE,
    hub: { name: world.hub.name, tier: "S1", units: 1 },
    otherHubs: [],
  };
  const session = {
    ...world.ports,
    settings,
    declarations: () => Promise.resolve({ products: [product], problems: [] }),
  };
  // A forecast uses no more of its context and session than this.
  return { folder: ".", session: () => Promise.resolve(session) } as unknown as Context;
}

describe("what a forecast is about, on a hub", () => {
  it("is the wanted release, over the counts of the plan and under the hub's throttle", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const [subject] = await forecastSubjects(contextOn(world, declared(aRelease("1.1.0"))), CHOICE);
    expect([subject?.product, subject?.version]).toEqual(["thermostat", "1.1.0"]);
    const { model, assumptions } = subject!.after;
    expect(model.strata).toEqual(["A", "B"]);
    expect(model.devices).toEqual([150, 150]);
    expect(model.added[0]).toEqual([6, 0]);
    for (const stratum of [0, 1]) expect(model.added.reduce((sum, own) => sum + own[stratum]!, 0)).toBe(150);
    // 50 twin writes a second, 7 of them a device [facts 1.9].
    expect(model.timing.contactsPerHour).toBeCloseTo((50 / 7) * 3600, 6);
    expect(model.timing.lookMs).toBe(5 * MINUTE);
    expect(assumptions.join("\n")).toContain("contacts and delays assumed");
  });

  it("takes the fleet's ways from its last rollout, and says from how many looks", async () => {
    const images = imagesOf("1.0.0", "1.1.0", "1.2.0");
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images });
    const sleep = (ms: number): Promise<void> => {
      world.advance(ms);
      world.settle(() => "ok");
      return Promise.resolve();
    };
    await apply(
      declared(aRelease("1.1.0")),
      { ...world.ports, clock: { ...world.ports.clock, sleep } },
      {
        actor: "test",
        queryLagMs: 5 * MINUTE,
        lookEveryMs: 5 * MINUTE,
        signal: new AbortController().signal,
        onEvent: () => undefined,
      },
    );
    const product = declared(aRelease("1.1.0"), aRelease("1.2.0"));
    const [subject] = await forecastSubjects(contextOn(world, product), CHOICE);
    expect(subject?.version).toBe("1.2.0");
    const { laws } = subject!.after.model;
    expect(laws.source).toMatch(/^fitted from \d+ looks of fw--thermostat--1-1-0--1 \(assumed: /);
    // Every device of this world answers at once, and none stays away.
    expect(laws.contact.find(({ perHour }) => perHour === 0)?.share ?? 0).toBeLessThan(0.02);
    expect(laws.success.at(-1)!.withinMs).toBeLessThanOrEqual(30 * MINUTE);
  });

  it("is not taken for nothing where the fleet cannot be read", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const session = { ...world.ports, declarations: () => Promise.resolve(UNREADABLE) };
    const context = { folder: ".", session: () => Promise.resolve(session) } as unknown as Context;
    await expect(forecastSubjects(context, CHOICE)).rejects.toMatchObject({
      code: "FLEET_INVALID",
      problems: UNREADABLE.problems,
    });
  });

  it("is refused where no device would be given the release, with another way to forecast it", async () => {
    const world = createWorld({ devices: [], version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await expect(
      forecastSubjects(contextOn(world, declared(aRelease("1.1.0"))), CHOICE),
    ).rejects.toMatchObject({
      code: "NO_DEVICES",
      message: "no device would be given thermostat 1.1.0: there is nothing to forecast",
      hint: "see why: wavegate plan thermostat; or say how large the fleet is: --fleet-size 10000",
    });
  });

  it("is refused where nothing would start, with what to type", async () => {
    const world = createWorld({ devices: aFleet(), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await expect(forecastSubjects(contextOn(world, declared()), CHOICE)).rejects.toThrow(
      "no release would start on the fleet: there is nothing to forecast",
    );
    const unknown = forecastSubjects(contextOn(world, declared(aRelease("1.1.0"))), {
      ...CHOICE,
      release: "9.9.9",
    });
    await expect(unknown).rejects.toThrow("thermostat has no release 9.9.9");
  });
});

describe("what a forecast is about, without a hub", () => {
  const folder = join(PROJECT, ".wavegate", "test-forecast-subjects");
  const declarations = { fleet: join(folder, "deploy/fleet.ts"), releases: join(folder, "deploy/releases") };
  const contextWith = (settings: Context["settings"]): Context =>
    ({ folder, settings }) as unknown as Context; // It uses no more of it.

  beforeAll(async () => {
    await mkdir(declarations.releases, { recursive: true });
    await writeFile(declarations.fleet, "export default { products: { thermostat: {} } };\n");
    const release = JSON.stringify(aRelease("1.1.0"));
    await writeFile(join(declarations.releases, "one.ts"), `export default ${release};\n`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is declared where the settings say", async () => {
    const context = contextWith(() => Promise.resolve({ declarations } as Settings));
    const [subject] = await forecastSubjects(context, { ...CHOICE, fleet: { A: 1_000 } });
    expect([subject?.product, subject?.version]).toEqual(["thermostat", "1.1.0"]);
  });

  it("is told to be declared nowhere, with the file that was looked for, where it is not", async () => {
    const missing = new WavegateError("SETTINGS_MISSING", "no settings", { hint: "" });
    const context = contextWith(() => Promise.reject(missing));
    await expect(forecastSubjects(context, { ...CHOICE, fleet: { A: 1_000 } })).rejects.toMatchObject({
      code: "FLEET_INVALID",
      problems: [{ path: "rollout/fleet.ts" }],
    });
  });
});
