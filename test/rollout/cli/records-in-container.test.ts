import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percent } from "../../../rollout/wavegate.ts";
import { aSmokeRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment({
    name: "test-container",
    devices: 8,
    scale: 600,
    recordsInContainer: true,
  });
  await deployment.release("thermostat-1.1.0.ts", {
    ...aSmokeRelease({
      waves: [
        { name: "half", cohort: percent(50) },
        { name: "everyone", cohort: percent(100) },
      ],
      gate: { deadline: "20 hours", bake: "21 hours" },
    }),
    artifact: deployment.artifacts.get("1.1.0"),
  });
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** Run one command as a process of its own. */
async function run(
  args: readonly string[],
  settings?: string,
): Promise<{ code: number | undefined; text: string }> {
  const { code, lines } = await deployment.wavegate(args, settings);
  return { code, text: lines.join("\n") };
}

/** Kinds of the decisions, oldest first, as a process of its own reads them. */
async function history(): Promise<readonly string[]> {
  const { code, text } = await run(["history", "--json"]);
  expect(code, text).toBe(0);
  const { products } = JSON.parse(text) as { products: { chain: { record: { kind: string } }[] }[] };
  return products.flatMap(({ chain }) => chain.map(({ record }) => record.kind)).toReversed();
}

describe("a controller whose disk is gone after each look", () => {
  it("carries a release on from the records in the container, process by process", async () => {
    // One look adopts what runs; one starts the release; the rest find everything done.
    for (let looks = 0; looks < 3; looks++) {
      const { code, text } = await run(["reconcile"]);
      expect(code, text).toBe(0);
    }
    expect(await history()).toEqual(["create", "adopt", "start"]);
    const before = await deployment.configurations();
    const { code, text } = await run(["reconcile", "--json"]);
    expect(code, text).toBe(0);
    expect(text).toContain('"steps": []');
    expect(await deployment.configurations()).toEqual(before);
    const status = await run(["status", "--json"]);
    expect(status.text).toContain('"state": "running"');
  });

  // The images' container holds no record.
  it("is held for a person when it looks into a container without its records, and changes nothing", async () => {
    const before = await deployment.configurations();
    const settings = await deployment.settingsWithRecords(deployment.recordsIn("firmware"));
    const { code, text } = await run(["reconcile"], settings);
    expect(code, text).toBe(4);
    expect(await deployment.configurations()).toEqual(before);
  });

  it("says that the container was never made, and changes nothing", async () => {
    const before = await deployment.configurations();
    const settings = await deployment.settingsWithRecords(deployment.recordsIn("never-made"));
    const told = await run(["history"], settings);
    expect(told.code).toBe(1);
    expect(told.text).toMatch(/RECORD_STORE_FAILED.*never-made/);
    expect(told.text).toContain("next: make the container, or correct `records.container`");
    await run(["reconcile"], settings);
    expect(await deployment.configurations()).toEqual(before);
  });

  it(
    "stops a release though the container never answers, and records it when it does",
    { timeout: 60_000 },
    async () => {
      const silent = createServer((socket) => socket.on("error", () => undefined).resume());
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo; // Listening on TCP, its address has a port.
      const container = `https://127.0.0.1:${port}/account/records`;
      const settings = await deployment.settingsWithRecords({ ...deployment.recordsIn("x"), container });
      const started = performance.now();
      const stopped = await run(["abort", "thermostat", "--reason", "storage is down"], settings);
      silent.close();
      expect(stopped.code, stopped.text).toBe(0);
      expect(performance.now() - started).toBeLessThan(25_000);
      expect(JSON.stringify(await deployment.configurations())).toContain(
        '"wg-abort-reason":"storage%20is%20down"',
      );
      const recorded = await run(["reconcile"]);
      expect(recorded.code, recorded.text).toBe(3);
      expect((await history()).slice(0, 4)).toEqual(["create", "adopt", "start", "abort"]);
    },
  );
});
