import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readFleetFile } from "../../../local/fleet/fleet-file.ts";
import { temporaryDirectory } from "../../device/temporary-directory.ts";
import { PROJECT } from "../../support/command-line.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { startHubProcess } from "../hub/hub-process.ts";

const SOON_MS = 25_000;

async function aFile(content: string): Promise<string> {
  const file = join(await temporaryDirectory(), "fleet.json");
  await writeFile(file, content);
  return file;
}

/** The example of the documentation. */
async function theExample(): Promise<string> {
  const page = await readFile(join(PROJECT, "docs", "fleet.md"), "utf8");
  return /```json\n(.*?)```/s.exec(page)![1]!;
}

describe("the file of a fleet", () => {
  it("declares devices with their tags and boards, and how they behave", async () => {
    const { devices, profile, ...rest } = readFleetFile(await aFile(await theExample()));
    expect(rest).toEqual({ line: "light", product: "thermostat", healthSeconds: 600 });
    expect(devices).toHaveLength(8);
    expect(devices.slice(0, 2).map(({ deviceId, tags }) => [deviceId, tags])).toEqual([
      [
        "thermostat-field-a-00001",
        { product: "thermostat", rollout: { stratum: "field-a", ring: "canary" } },
      ],
      ["thermostat-field-a-00002", { product: "thermostat", rollout: { stratum: "field-a" } }],
    ]);
    expect(devices.at(-1)).toMatchObject({ stratum: "field-b", revision: "B", sensorLot: 1 });
    expect(profile.seed).toBe(7);
    expect(profile.strata["field-b"]?.faults?.map(({ fault }) => fault)).toEqual([
      "self-test-fails",
      "bricks",
    ]);
  });

  it("finds the files that it names from its own folder", async () => {
    const file = await aFile('{"image":"fw/a.wat","caFile":"ca.pem","strata":{"a":{"devices":1}}}');
    expect(readFleetFile(file)).toMatchObject({
      image: join(file, "..", "fw", "a.wat"),
      caFile: join(file, "..", "ca.pem"),
    });
  });

  it.each([
    ["{", /it is not JSON/],
    ["{}", /strata: /],
    ['{"strata":{}}', /strata: there is no stratum/],
    ['{"strata":{"a b":{"devices":1}}}', /"a b": the name of a stratum has up to 64 letters/],
    ['{"strata":{"a":{"devices":1,"image":"x"}}}', /strata\.a: .*"image"/],
    ['{"image":"a.bin","strata":{"a":{"devices":1}}}', /image: an image is a \.wasm or a \.wat/],
    ['{"strata":{"a":{"devices":1,"connectivity":{"daily":0.5}}}}', /connectivity: .* add up to 1/],
    ['{"strata":{"a":{"devices":1,"bootSeconds":[2,1]}}}', /bootSeconds: /],
    ['{"strata":{"a":{"devices":1,"downloadBytesPerSecond":0}}}', /downloadBytesPerSecond: must be above 0/],
    ['{"strata":{"a":{"devices":1,"rings":{"x":2}}}}', /rings: the rings have more devices than the stratum/],
    [
      '{"strata":{"a":{"devices":0,"faults":[{"fault":"explodes","share":2}]}}}',
      /faults\.0\.fault: .*"bricks".*; strata\.a\.faults\.0\.share: .*; strata\.a\.devices: /,
    ],
  ])("tells what is wrong with %s", async (content, problem) => {
    const file = await aFile(content);
    expect(() => readFleetFile(file)).toThrow(problem);
  });
});

describe("npm run hub -- --fleet", () => {
  it("runs the devices of the documentation's example beside the hub, and ends with it", async () => {
    await using hub = await startHubProcess([
      "--time-scale",
      "60",
      "--fleet",
      await aFile(await theExample()),
    ]);
    await vi.waitUntil(() => hub.errors().includes("\n"), SOON_MS);
    expect(hub.errors()).toBe("8 of 8 simulated devices are connected.\n");
    const { responseBody: twin } = await connectRegistry(hub.reachable).getTwin("thermostat-field-b-00004");
    expect(twin.properties.reported).toMatchObject({ firmware: { currentFwVersion: "1.0.0" } });
    expect(await hub.end("SIGINT")).toBe(0);
  });
});
