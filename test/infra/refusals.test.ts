import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BAD_CONFIGURATIONS } from "./bad-configurations.ts";
import { startRefusingPlugin, type Inputs, type RefusingPlugin } from "./plugin-refusals.ts";
import { startProgram, theResource, type Program } from "./program-run.ts";

const FROZEN = "pulumi-nodejs:dynamic/wavegate:FrozenSettings";

let program: Program;
let plugin: RefusingPlugin;
beforeAll(async () => {
  program = startProgram();
  plugin = await startRefusingPlugin();
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await plugin[Symbol.asyncDispose]();
});

/** A stack's own keys, as the command line hands them over. */
function entries(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `wavegate:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

describe("a bad configuration is refused before anything is made", () => {
  it.each(BAD_CONFIGURATIONS)("%s", async (_what, settings, key, fix) => {
    const run = await program.run(entries(settings));
    expect(run.resources).toEqual([]);
    expect(run.error).toMatch(/has 1 problem:/);
    expect(run.error).toContain(`- wavegate:${key}: `);
    expect(run.error).toContain(fix);
  });

  it("and several are told at once", async () => {
    const run = await program.run(entries({ hubTier: "B1", hubUnits: 0, protect: false, colour: "red" }));
    expect(run.resources).toEqual([]);
    expect(run.error).toMatch(/has 4 problems:/);
  });
});

describe("what was decided when the hub was made", () => {
  async function frozenInputs(settings: Readonly<Record<string, unknown>>): Promise<Inputs> {
    const run = await program.run(entries(settings));
    // Inputs came over the wire as JSON.
    return theResource(run, FROZEN, "hub").inputs as Inputs;
  }

  it("is taken as it is, the first time and every time after", async () => {
    const inputs = await frozenInputs({});
    expect(await plugin.refusals(inputs)).toEqual([]);
    expect(await plugin.refusals(inputs, inputs)).toEqual([]);
  });

  it("stays: another number of partitions is refused with the number that was", async () => {
    expect(await plugin.refusals(await frozenInputs({ hubPartitions: 8 }), await frozenInputs({}))).toEqual([
      expect.stringMatching(/^wavegate:hubPartitions: 4 cannot become 8: pulumi config set hubPartitions 4 /),
    ]);
  });

  it("stays: a free hub is not made a paid one, nor the other way round", async () => {
    const free = await frozenInputs({ environment: "development", hubTier: "F1", hubPartitions: 2 });
    const paid = await frozenInputs({ hubPartitions: 2 });
    const larger = await frozenInputs({ hubTier: "S3", hubPartitions: 2 });
    expect(await plugin.refusals(paid, free)).toEqual([expect.stringContaining("set hubTier F1")]);
    expect(await plugin.refusals(free, paid)).toEqual([expect.stringContaining("set hubTier S1")]);
    expect(await plugin.refusals(larger, paid)).toEqual([]);
  });
});
