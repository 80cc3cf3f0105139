import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketOf } from "../../rollout/model/bucket.ts";
import { runProgram, theResource } from "./program-run.ts";
import { startDynamicPlugin, type DynamicPlugin } from "../support/pulumi/dynamic-plugin.ts";
import type { Values } from "../support/pulumi/wire-values.ts";
import { readStack } from "./stack-file.ts";

let plugin: DynamicPlugin;
let declared: Values;

beforeAll(async () => {
  // A machine with no Azure CLI to sign in by.
  plugin = await startDynamicPlugin({ PATH: "" });
  const run = await runProgram(await readStack("dev"));
  const { inputs } = theResource(run, "pulumi-nodejs:dynamic/wavegate:DeviceIdentity", "thermostat-dev-1");
  // They came as JSON.
  declared = inputs as Values;
});
afterAll(() => plugin[Symbol.asyncDispose]());

describe("a device identity in Pulumi's own plugin, which loads its provider from the text the program registered", () => {
  it("is checked by this package's provider", async () => {
    expect(await plugin.check({}, declared)).toEqual({ inputs: declared, failures: [] });
    expect(
      (await plugin.check({}, { ...declared, stratum: "it's" })).failures.map(({ property }) => property),
    ).toEqual(["stratum"]);
  });

  it("is compared with what the state holds", async () => {
    const state = { ...declared, bucket: bucketOf("thermostat-dev-1"), adopted: false, generationId: "1" };
    expect(await plugin.diff("id", state, declared)).toMatchObject({ changes: false, replaces: [] });
    expect(await plugin.diff("id", state, { ...declared, ring: "late" })).toMatchObject({
      changes: true,
      replaces: [],
    });
    expect(await plugin.diff("id", state, { ...declared, deviceId: "other" })).toMatchObject({
      changes: true,
      replaces: ["deviceId"],
    });
  });

  it("is not made without a sign-in, and the error says which", async () => {
    await expect(plugin.create(declared)).rejects.toThrow(
      /cannot register device thermostat-dev-1 on hub-of-azure.azure-devices.net: .*\(az login\)/s,
    );
  });
});
