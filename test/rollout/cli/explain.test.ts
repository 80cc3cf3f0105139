import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { aRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-explain", devices: 4, scale: 600 });
  const { artifacts } = deployment;
  const artifact = artifacts.get("1.1.0");
  if (artifact === undefined) throw new Error("there is no 1.1.0");
  const waves = [
    { name: "canary", cohort: ring("lab"), kind: "smoke" as const },
    { name: "everyone", cohort: percent(100), kind: "smoke" as const },
  ];
  await deployment.release("good.ts", { ...aRelease("1.1.0", { waves }), artifact });
});
afterAll(() => deployment[Symbol.asyncDispose]());

describe("wavegate plan --explain", () => {
  it("says in which wave a device of the hub would be, and why", async () => {
    // Its name needs quoting.
    deployment.hub.createDevice({
      deviceId: "o'clock",
      tags: { product: "thermostat", rollout: { stratum: "A", ring: "lab", bucket: 7 } },
    });
    const { code, lines } = await deployment.wavegate(["plan", "--explain", "o'clock"]);
    expect(lines).toEqual([
      `o'clock: tags.product "thermostat", tags.rollout.stratum "A", tags.rollout.ring "lab", tags.rollout.bucket 7`,
      '  thermostat 1.1.0 (planned): would come with wave "canary", 1 of 2',
      "    its ring is lab (tags.rollout.ring)",
    ]);
    expect(code).toBe(0);
  });

  it("says what keeps a device out, as JSON", async () => {
    await connectRegistry(deployment.hub).updateTwin("o'clock", { tags: { rollout: { hold: "lab" } } }, "*");
    const { lines } = await deployment.wavegate(["plan", "--explain", "o'clock", "--json"]);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      schemaVersion: 1,
      device: { deviceId: "o'clock", tags: { rollout: { hold: "lab" } } },
      products: [
        {
          product: "thermostat",
          releases: [{ version: "1.1.0", because: ['it is held: tags.rollout.hold is "lab"'] }],
        },
      ],
    });
  });

  it("refuses a device that the hub does not know, with a hint", async () => {
    const { code, lines } = await deployment.wavegate(["plan", "--explain", "O'Clock"]);
    expect(code).toBe(1);
    expect(lines.join("\n")).toMatch(
      /DEVICE_UNKNOWN: test has no device "O'Clock"\n {2}next: names are case-sensitive/,
    );
  });
});
