import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percent } from "../../../rollout/wavegate.ts";
import { aSmokeRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment({ name: "test-on-demand", devices: 2, scale: 600, onDemand: true });
  await deployment.release("thermostat-1.1.0.ts", {
    ...aSmokeRelease({
      waves: [{ name: "everyone", cohort: percent(100) }],
      gate: { deadline: "20 hours", bake: "21 hours" },
    }),
    artifact: deployment.artifacts.get("1.1.0"),
  });
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** Everything the command line has printed. */
const printed: string[] = [];

async function run(...args: readonly string[]): Promise<string> {
  const { code, lines } = await deployment.wavegate(args);
  const text = lines.join("\n");
  printed.push(text);
  expect(code, text).toBe(0);
  return text;
}

/** Versions that devices report, by the service. */
function versions(): readonly unknown[] {
  return [...deployment.hub.twins.all()].map(
    ({ reported }) => (reported.value["firmware"] as { readonly currentFwVersion?: string }).currentFwVersion,
  );
}

/** Every file of the deployment that holds text of ours: records, looks, the devices' state. */
async function filesOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.jsonl?$/.test(name));
  expect(names.length).toBeGreaterThan(4);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")))).join("\n");
}

describe("a product with access: on-demand, by the command line", { timeout: 60_000 }, () => {
  it("is planned with its price, rolled out to devices that have no other way to the images, and no key is told", async () => {
    const plan = await run("plan");
    expect(plan).toContain("images: open with keys that the hub gives devices while they want one");
    await run("reconcile");
    await run("reconcile");
    expect(await run("reconcile", "--json")).not.toContain("ACCESS_MISSING");
    await expect.poll(versions, { timeout: 40_000 }).toEqual(["1.1.0", "1.1.0"]);
    await run("status", "--json");
    await run("history", "--json");
    await run("plan", "--json");
    const configurations = (await deployment.configurations()) as { id: string; content: unknown }[];
    const grants = configurations.filter(({ id }) => id.startsWith("wg-access--thermostat--"));
    expect(JSON.stringify(grants)).toContain("sig=");
    const others = JSON.stringify(configurations.filter((one) => !grants.includes(one)));
    const everything = [...printed, others, await filesOf(dirname(deployment.settings))].join("\n");
    expect(everything).not.toMatch(/sig=|skoid=/);
  });
});
