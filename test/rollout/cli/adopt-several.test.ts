import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-adopt", devices: 4, scale: 600 });
});
afterAll(() => deployment[Symbol.asyncDispose]());

async function adopt(where: string): Promise<void> {
  const one = { version: "1.0.0", artifact: deployment.artifacts.get("1.0.0") };
  const products = { thermostat: { adopt: [{ ...one, where }, one] } };
  await writeFile(
    join(dirname(deployment.settings), "fleet.ts"),
    `export default ${JSON.stringify({ products })};\n`,
  );
}

describe("two baselines of one version, for two kinds of devices", () => {
  it("are refused while a condition is none that IoT Hub takes", async () => {
    await adopt("tags.rollout.stratum IN ['B']");
    const { code, lines } = await deployment.wavegate(["apply"]);
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("next: write (tags.rollout.stratum = 'B')");
    // The ref is inert; nothing stands beside it.
    const ids = ((await deployment.configurations()) as { id: string }[]).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith("fw--"))).toEqual([]);
  });

  it("are adopted, kept in the records and read back", async () => {
    await adopt("tags.rollout.stratum = 'B'");
    const { code, lines } = await deployment.wavegate(["apply"]);
    expect(code, lines.join("\n")).toBe(0);
    const status = await deployment.wavegate(["status", "--json"]);
    const { products } = JSON.parse(status.lines.join("\n")) as {
      products: { intents: { attempt: string; state: string; where?: string }[] }[];
    };
    expect(products[0]?.intents).toMatchObject([
      { attempt: "fw--thermostat--1-0-0--1", state: "adopted" },
      { attempt: "fw--thermostat--1-0-0--2", state: "adopted", where: "tags.rollout.stratum = 'B'" },
    ]);
  });
});
