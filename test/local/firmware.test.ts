import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hardware } from "../../device/drivers/wasm/wasm-image.ts";
import { startWasmFirmware } from "../../device/drivers/wasm/wasm-image.ts";
import { compileFirmware, listFirmware } from "../../local/firmware.ts";

const REVISION_A = 1;
const REVISION_B = 2;

describe("the example firmware", () => {
  const images = new Map<string, Uint8Array>();
  beforeAll(async () => {
    for (const { version, sourceFile } of await listFirmware())
      images.set(version, await compileFirmware(sourceFile));
  });

  it("is three versions of a thermostat, in order", async () => {
    expect((await listFirmware()).map(({ product, version }) => `${product} ${version}`)).toEqual([
      "thermostat 1.0.0",
      "thermostat 1.1.0",
      "thermostat 1.2.0",
    ]);
  });

  it.each(["1.0.0", "1.1.0", "1.2.0"])("%s states its own version", async (version) => {
    const firmware = await startWasmFirmware(images.get(version)!, { revision: REVISION_A, sensorLot: 1 });
    expect(firmware.version).toBe(version);
  });

  it("has images of a few kilobytes, all different", () => {
    const sizes = [...images.values()].map(({ length }) => length);
    for (const size of sizes) expect(size).toBeGreaterThan(2000);
    expect(new Set(sizes).size).toBe(3);
  });

  it.each<[string, Hardware, boolean]>([
    ["1.0.0", { revision: REVISION_B, sensorLot: 7 }, true],
    ["1.1.0", { revision: REVISION_B, sensorLot: 7 }, true],
    ["1.2.0", { revision: REVISION_B, sensorLot: 7 }, false],
    ["1.2.0", { revision: REVISION_B, sensorLot: 6 }, true],
    ["1.2.0", { revision: REVISION_A, sensorLot: 7 }, true],
    ["1.1.0", { revision: 3, sensorLot: 1 }, false],
  ])("%s on %o passes its self-test: %s", async (version, hardware, passes) => {
    const firmware = await startWasmFirmware(images.get(version)!, hardware);
    const test = expect(() => {
      firmware.selfTest();
    });
    if (passes) test.not.toThrow();
    else test.toThrow("unreachable");
  });

  it("finds a flash that lost a bit of its texts", async () => {
    const image = images.get("1.1.0")!.slice();
    const at = Buffer.from(image).indexOf("Frostschutz");
    image[at] = image[at]! ^ 1;
    const firmware = await startWasmFirmware(image, { revision: REVISION_A, sensorLot: 1 });
    expect(() => {
      firmware.selfTest();
    }).toThrow("unreachable");
  });
});

describe("compileFirmware", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wavegate-firmware-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("gives the same bytes for the same text", async () => {
    const { sourceFile } = (await listFirmware())[0]!;
    expect(await compileFirmware(sourceFile)).toEqual(await compileFirmware(sourceFile));
  });

  it("says where a text is wrong", async () => {
    const file = join(folder, "broken-1.0.0.wat");
    await writeFile(file, "(module\n  (func (export 7)))");
    await expect(compileFirmware(file)).rejects.toThrow("broken-1.0.0.wat:2");
  });
});
