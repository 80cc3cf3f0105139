import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configurations } from "./generated-configuration.ts";
import type { Mutant } from "./mocked-program.ts";
import { PROPERTIES, type ProgramProperty } from "./program-properties.ts";
import { startProgram, type Program } from "./program-run.ts";

const RUNS = 25;

let program: Program;
beforeAll(() => {
  program = startProgram();
});
afterAll(() => program[Symbol.asyncDispose]());

/** What a property finds wrong under one configuration. */
async function problemsOf(
  properties: readonly ProgramProperty[],
  entries: Readonly<Record<string, string>>,
  ...mutants: readonly Mutant[]
): Promise<readonly string[]> {
  const first = await program.run(entries, ...mutants);
  const again = await program.run(entries, ...mutants);
  if (first.error !== undefined) return [`it fails: ${first.error}`];
  return properties.flatMap((property) => property.problems(first, again, entries));
}

describe("the program, whatever a stack sets,", () => {
  // One draw is held against all of them: the runs are what takes time.
  it(PROPERTIES.map(({ name }) => name).join("; "), { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(configurations, async (entries) => {
        expect(await problemsOf(PROPERTIES, entries)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

describe.each(PROPERTIES)("the property that it $name", (property) => {
  it.each(property.mutants)("fails for a program that $what", { timeout: 240_000 }, async (mutant) => {
    const details = await fc.check(
      fc.asyncProperty(configurations, async (entries) => {
        const problems = await problemsOf([property], entries, mutant);
        // A mutant that does not run shows nothing.
        if (problems.some((problem) => problem.startsWith("it fails"))) throw new Error(problems.join());
        expect(problems).toEqual([]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(details.failed).toBe(true);
    expect(String(details.errorInstance)).not.toContain("it fails");
  });
});
