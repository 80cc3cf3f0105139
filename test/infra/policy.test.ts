import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startPolicyAnalyzer, type PolicyAnalyzer } from "./policy-analyzer.ts";
import { POLICY_MUTANTS } from "./policy-mutants.ts";
import { startProgram, type Program } from "./program-run.ts";
import { readStack } from "./stack-file.ts";

/** A production stack with everything in it, so that every policy has something to look at. */
const EVERYTHING = {
  "wavegate:provisioning": "true",
  "wavegate:enrollmentGroups": JSON.stringify([
    {
      enrollmentGroupId: "thermostats",
      attestation: { type: "caReferences", primary: "factory-ca" },
      product: "thermostat",
      stratum: "rev-a",
    },
  ]),
  "wavegate:firmwareImmutableDays": "30",
  "wavegate:controllerImage": `acme.azurecr.io/wavegate@sha256:${"0".repeat(64)}`,
  "wavegate:rolloutSubject": "repo:acme/fleet:environment:production",
};

let program: Program;
let analyzer: PolicyAnalyzer;
beforeAll(async () => {
  program = startProgram();
  analyzer = await startPolicyAnalyzer();
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await analyzer[Symbol.asyncDispose]();
});

describe("the policy pack in Pulumi's analyzer", () => {
  it("stops an update at every one of its policies", async () => {
    const policies = await analyzer.policies();
    expect(policies.length).toBeGreaterThan(15);
    expect(policies.filter(({ isMandatory }) => !isMandatory)).toEqual([]);
  });

  it("finds nothing in a production stack, nor in the example of one", async () => {
    expect(await analyzer.analyze(await program.run(EVERYTHING))).toEqual([]);
    const example = await program.run(await readStack("prod", "Pulumi.prod.yaml.example"));
    expect(example.resources.length).toBeGreaterThan(40);
    expect(await analyzer.analyze(example)).toEqual([]);
  });

  it("has a mutant of the program for each policy", async () => {
    const names = (await analyzer.policies()).map(({ name }) => name);
    expect([...new Set(POLICY_MUTANTS.map(({ policy }) => policy))].sort()).toEqual(names.sort());
  });

  it.each(POLICY_MUTANTS)("$policy catches a program that $what", async ({ policy, ...mutant }) => {
    const run = await program.run(EVERYTHING, mutant);
    expect(run.error).toBeUndefined();
    const violations = await analyzer.analyze(run);
    expect([...new Set(violations.map((violation) => violation.policy))]).toEqual([policy]);
    expect(violations.filter(({ isMandatory }) => !isMandatory)).toEqual([]);
  });

  it("is not got round by naming an older version of Azure's interface, or the old module's name", async () => {
    const unprotected = { name: "it", inputs: { properties: {} }, parent: "", protect: false, dependsOn: [] };
    for (const type of [
      "azure-native:iothub/v20230630:IotHubResource",
      "azure-native:devices/v20220430preview:IotHubResource",
      "azure-native_iothub_v20230630:iothub:IotHubResource",
      "azure-native:devices:IotDpsResource",
      "azure-native:devices/v20221212:IotDpsResource",
      "azure-native_devices_v20221212:devices:IotDpsResource",
    ]) {
      const violations = await analyzer.analyze({ resources: [{ ...unprotected, type }] });
      expect(violations.map(({ policy }) => policy)).toContain("protect-what-loss-hurts");
    }
  });

  it("with the configuration for development lets the stack dev pass, and says what is loose in it", async () => {
    const file = new URL("../../infra/policy/development.json", import.meta.url);
    const levels = z
      .record(z.string(), z.enum(["advisory", "mandatory"]))
      .parse(JSON.parse(await readFile(file, "utf8")));
    const names = (await analyzer.policies()).map(({ name }) => name);
    expect(Object.keys(levels).filter((name) => !names.includes(name))).toEqual([]);
    const dev = await program.run(await readStack("dev"));
    expect((await analyzer.analyze(dev)).some(({ isMandatory }) => isMandatory)).toBe(true);
    await analyzer.configure(levels);
    const violations = await analyzer.analyze(dev);
    expect(violations.filter(({ isMandatory }) => isMandatory)).toEqual([]);
    expect([...new Set(violations.map(({ policy }) => policy))].sort()).toEqual(Object.keys(levels).sort());
  });
});
