import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { start, type Talking } from "../../support/command-line.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { aRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

// One deployment from the first plan to the last: each test goes on where the one before ended.

let deployment: Deployment;
let folder: string;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-saved-plan", devices: 8, scale: 600 });
  folder = dirname(deployment.settings);
  await deployment.release("good.ts", release());
  // Devices report their buckets in their own time.
  await vi.waitFor(
    async () => {
      if (!(await run("plan", "--json")).text.includes('"unstamped": 0')) throw new Error("not all have");
    },
    { timeout: 20_000, interval: 500 },
  );
});
afterAll(() => deployment[Symbol.asyncDispose]());

function release(more: Partial<ReleaseDeclaration> = {}): Readonly<Record<string, unknown>> {
  const artifact = deployment.artifacts.get("1.1.0");
  if (artifact === undefined) throw new Error("there is no 1.1.0");
  const waves = [
    { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
    { name: "everyone", cohort: percent(100), kind: "smoke" as const },
  ];
  return { ...aRelease("1.1.0", { waves }), artifact, ...more };
}

function at(file: string): string {
  return join(folder, file);
}

async function run(...args: readonly string[]): Promise<{ code: number | undefined; text: string }> {
  const { code, lines } = await deployment.wavegate(args);
  return { code, text: lines.join("\n") };
}

describe("wavegate plan", () => {
  it("shows what would be done, in order, what it costs and what speaks against it", async () => {
    deployment.hub.createDevice({
      deviceId: "late",
      tags: { product: "thermostat", rollout: { stratum: "A", bucket: 17 } },
    });
    const { code, text } = await run("plan");
    expect(text.replace(/plan [0-9a-f]{12}/, "plan DIGEST")).toMatchInlineSnapshot(`
      "thermostat: plan DIGEST
        create wg--thermostat: the configuration that names the product's records; it reaches no device
        adopt 1.0.0: what the devices run today becomes the baseline; no device is written to
        create 1.1.0: its configuration fw--thermostat--1-1-0--1, for nobody yet
        start 1.1.0: opens wave "canary" with 8 devices
        widen 1.1.0: opens wave "everyone" with 1 more when the gate promotes "canary"
        wave      adds          devices  kind   bake       stops at      promotes with  traffic
        canary    8 (A 4, B 4)  8        smoke  3.5 hours  A 3, B 3 bad  -              80 messages, 0.02% of a day, 1 second
        everyone  1 (A 1, B 0)  9        smoke  3.5 hours  A 3, B 3 bad  -              10 messages, 0% of a day, 0 seconds
        gate: tolerate 2%, reject 10%; abort at 80 over the rollout, 80 in a wave, or 20 devices harmed
        way back: devices return to 1.0.0 (unsigned, so no floor is known); all of them: 0.02% of a day's messages
        our calls: 7 a look and hub, 2,624 in 1.3 days: 6.01% of the query budget
      warning CAP_ABOVE_FLEET: .wavegate/test-saved-plan/releases/good.ts: gate: harmCap
        the release reaches 9 devices: a cap of 20 never stops it
        next: set harmCap to the failures that you can bear, at most 9"
    `);
    expect(code).toBe(0);
  });

  it("is the same twice, byte for byte, whatever devices come and go", async () => {
    expect((await run("plan", "--out", at("one.plan.json"))).text).toContain(
      `Saved. Carry out exactly this with: wavegate apply ${at("one.plan.json")}`,
    );
    await run("plan", "--out", at("two.plan.json"));
    const [one, two] = await Promise.all(
      ["one", "two"].map((name) => readFile(at(`${name}.plan.json`), "utf8")),
    );
    expect(two).toBe(one);
    deployment.hub.createDevice({
      deviceId: "later",
      tags: { product: "thermostat", rollout: { stratum: "B", bucket: 18 } },
    });
    const digest = (text: string | undefined): string =>
      (JSON.parse(text ?? "") as { plans: { digest: string }[] }).plans[0]?.digest ?? "";
    const { text } = await run("plan", "--json");
    expect(digest(text)).toBe(digest(one));
  });

  it("ends in 2 while something would change, when asked to", async () => {
    expect((await run("plan", "--detailed-exitcode")).code).toBe(2);
    expect((await run("plan")).code).toBe(0);
  });

  it("saves nothing where it is blocked, and no file that could be a product", async () => {
    await deployment.release(
      "bad.ts",
      release({ version: "1.2.0", waves: [{ name: "canary", cohort: ring("canary") }] }),
    );
    const { code, text } = await run("plan", "--out", at("blocked.plan.json"));
    expect(code).toBe(1);
    expect(text).toContain("Nothing was saved.");
    await expect(readFile(at("blocked.plan.json"))).rejects.toMatchObject({ code: "ENOENT" });
    await deployment.removeRelease("bad.ts");
    expect((await run("plan", "--out", "thermostat")).text).toContain(
      "next: wavegate plan --out thermostat.plan.json",
    );
    expect((await run("plan", "--out", at("no/such/folder.json"))).text).toContain("BAD_OPTION");
  });
});

describe("wavegate apply FILE", () => {
  /** It must be refused and leave the hub as it was. */
  async function refused(file: string, ...words: readonly string[]): Promise<void> {
    const before = await deployment.configurations();
    const { code, text } = await run("apply", file);
    for (const word of words) expect(text).toContain(word);
    expect(text).toMatch(/next: \S/);
    expect(code).toBe(1);
    expect(await deployment.configurations()).toEqual(before);
  }

  it.each([
    ["is not there", undefined, "PLAN_INVALID"],
    ["is no JSON", "plan", "PLAN_INVALID"],
    ["is another file", '{"schemaVersion":1,"kind":"wavegate plan"}', "PLAN_INVALID"],
    ["is of a later schema", '{"schemaVersion":2,"kind":"wavegate plan","plans":[]}', "STORE_FORMAT"],
  ])("refuses what %s", async (name, text, code) => {
    const file = at(`${name.replaceAll(" ", "-")}.json`);
    if (text !== undefined) await writeFile(file, text);
    await refused(file, code);
  });

  it("refuses a plan that was edited after it was reviewed", async () => {
    const text = await readFile(at("one.plan.json"), "utf8");
    await writeFile(at("edited.json"), text.replace(/"priority":1010/, '"priority":1020'));
    await refused(at("edited.json"), "PLAN_INVALID", "was edited");
  });

  it("refuses a plan whose release, fleet or configurations changed, and names which", async () => {
    await deployment.release("good.ts", release({ watch: "2 days" }));
    await refused(at("one.plan.json"), "PLAN_STALE", "the file of thermostat 1.1.0");
    await deployment.release("good.ts", release());
    await deployment.release("next.ts", release({ version: "1.2.0" }));
    await refused(at("one.plan.json"), "PLAN_STALE", "the file of thermostat 1.2.0 (new)");
    await deployment.removeRelease("next.ts");
    const fleet = await readFile(at("fleet.ts"), "utf8");
    await writeFile(at("fleet.ts"), fleet.replace("products:", 'activeWithin: "3 days", products:'));
    await refused(at("one.plan.json"), "PLAN_STALE", "what fleet.ts says about thermostat");
    await writeFile(at("fleet.ts"), fleet);
    const registry = connectRegistry(deployment.hub);
    await registry.addConfiguration({
      id: "portal",
      schemaVersion: "2.0",
      labels: {},
      content: { deviceContent: { "properties.desired.firmware.fwVersion": "9" } },
      targetCondition: "tags.product = 'boiler'",
      priority: 5,
      metrics: { queries: {}, results: {} },
      systemMetrics: { queries: {}, results: {} },
      etag: "",
      createdTimeUtc: "",
      lastUpdatedTimeUtc: "",
    });
    await refused(at("one.plan.json"), "PLAN_STALE", "configuration portal on test: new");
    await registry.removeConfiguration("portal");
  });

  it("carries out what was planned, warns of counts that moved, and names the plan in the record", async () => {
    // One more would be no news; five of nine are.
    for (const index of [1, 2, 3, 4])
      deployment.hub.createDevice({
        deviceId: `more-${index}`,
        tags: { product: "thermostat", rollout: { stratum: "A", bucket: 100 + index } },
      });
    const started = applying();
    await started.until(
      /warning: thermostat: wave "everyone" has 14 devices, and had 9 when it was planned \(55.56%\)/,
    );
    await started.until(/opens "canary" \(plan [0-9a-f]{12}\)/);
    started.interrupt();
    expect(await started.ended).toBe(130);
    const history = await run("history");
    expect(history.text).toMatch(/start +1\.1\.0 +opens "canary" \(plan [0-9a-f]{12}\)/);
  });

  it("refuses the same plan a second time: its head record is history", async () => {
    await refused(
      at("one.plan.json"),
      "PLAN_STALE",
      "the head record on test",
      "configuration fw--thermostat--1-1-0--1 on test: new",
    );
  });

  it("is no change while a release only waits for its gate", async () => {
    await run("reconcile");
    const { code, text } = await run("plan", "--detailed-exitcode");
    expect(text).toContain('keep 1.1.0: wave "canary" (1 of 2); "everyone" opens when its gate promotes');
    expect(code).toBe(0);
  });

  it("is one again when somebody edits a configuration: drift", async () => {
    const registry = connectRegistry(deployment.hub);
    const { responseBody } = await registry.getConfiguration("fw--thermostat--1-1-0--1");
    await registry.updateConfiguration(
      { ...responseBody, targetCondition: "tags.product = 'thermostat'" },
      true,
    );
    const { code, text } = await run("plan", "--detailed-exitcode");
    expect(text).toContain(
      "narrow 1.1.0: it was edited outside wavegate: what both name stays, and it is held",
    );
    expect(code).toBe(2);
  });
});

/** `apply one.plan.json`, to be interrupted. */
function applying(): Talking {
  return start(["scripts/wavegate.mjs", "apply", at("one.plan.json")], {
    WAVEGATE_SETTINGS: deployment.settings,
  });
}
