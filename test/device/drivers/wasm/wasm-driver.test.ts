import { createHash } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { bringUp } from "../../../../device/bring-up.ts";
import { systemDisk } from "../../../../device/disk.ts";
import { TRIAL_BOOTS } from "../../../../device/drivers/driver.ts";
import type { Driver, SlotOpening } from "../../../../device/drivers/driver.ts";
import { wasmDriver } from "../../../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../../../device/drivers/wasm/factory-image.ts";
import type { FirmwareImage } from "../../firmware-images.ts";
import { firmwareImage } from "../../firmware-images.ts";
import type { HangsAt } from "./hanging-image.ts";
import { hangingImage } from "./hanging-image.ts";
import { LOSSES, powerCutDisk } from "../../power-cut/power-cut-disk.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const GOOD_BOARD = { revision: 1, sensorLot: 1 };
/** The board on which 1.2.0 does not come up. */
const BOARD_B7 = { revision: 2, sensorLot: 7 };

let v100: FirmwareImage;
let v110: FirmwareImage;
let v120: FirmwareImage;
beforeAll(async () => {
  [v100, v110, v120] = await Promise.all([
    firmwareImage("1.0.0"),
    firmwareImage("1.1.0"),
    firmwareImage("1.2.0"),
  ]);
});

async function bornWith(
  image: FirmwareImage,
  hardware = GOOD_BOARD,
): Promise<{ driver: Driver; directory: string }> {
  const directory = await temporaryDirectory();
  await installFactoryImage({ stateDirectory: directory, image: image.bytes });
  const driver = wasmDriver({ directory, hardware });
  await bringUp(driver);
  return { driver, directory };
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function opening(bytes: Uint8Array, from = 0): SlotOpening {
  const sha256 = digestOf(bytes);
  return { sha256, source: { address: "https://images.example/a", etag: '"a"' }, from };
}

async function install(driver: Driver, bytes: Uint8Array): Promise<void> {
  const slot = await driver.openSlot(opening(bytes));
  await slot.write(bytes.subarray(0, 1000));
  await slot.keep();
  await slot.write(bytes.subarray(1000));
  await slot.finish();
}

describe("a device from the factory", () => {
  it("boots its birth image and says where it came from", async () => {
    const { driver } = await bornWith(v100);
    expect(await bringUp(driver)).toEqual({
      image: { version: "1.0.0", sha256: v100.sha256, factory: true },
      healthy: true,
    });
  });

  it("is born once", async () => {
    const { driver, directory } = await bornWith(v100);
    expect(await installFactoryImage({ stateDirectory: directory, image: v110.bytes })).toBe(false);
    expect((await bringUp(driver)).image.version).toBe("1.0.0");
  });

  it("that was never born says so", async () => {
    const driver = wasmDriver({ directory: await temporaryDirectory(), hardware: GOOD_BOARD });
    await expect(driver.boot()).rejects.toThrow("install a factory image first");
  });
});

describe("an update by slots", () => {
  it("boots the other slot and keeps the image before", async () => {
    const { driver } = await bornWith(v100);
    await install(driver, v110.bytes);
    await driver.apply(v110);
    expect(await bringUp(driver)).toEqual({
      image: { version: "1.1.0", sha256: v110.sha256, factory: false },
      healthy: true,
    });
    await driver.confirm();
    expect(await driver.holds(v100.sha256)).toBe(true);
  });

  it("flips back to the slot that still holds the image, without a write to it", async () => {
    const { driver, directory } = await bornWith(v100);
    await install(driver, v110.bytes);
    await driver.apply(v110);
    await bringUp(driver);
    await driver.confirm();
    const files = await readdir(directory);
    await driver.apply(v100);
    expect((await bringUp(driver)).image.version).toBe("1.0.0");
    expect(await readdir(directory)).toEqual(files);
    expect(await driver.holds(v110.sha256)).toBe(true);
  });

  it("falls back by itself when the new image traps in its self-test, and still runs the old one", async () => {
    const { driver } = await bornWith(v110, BOARD_B7);
    await install(driver, v120.bytes);
    await driver.apply(v120);
    const up = await bringUp(driver);
    expect(up).toMatchObject({
      image: { version: "1.1.0" },
      healthy: true,
      fellBack: { code: "SELF_TEST_FAILED" },
    });
    expect((await bringUp(driver)).fellBack).toMatchObject({ code: "SELF_TEST_FAILED" });
  });

  it.each<[string, Uint8Array]>([
    ["is no WebAssembly", new TextEncoder().encode("\u007fELF but not really")],
    ["is empty", new Uint8Array()],
    // (module): it exports nothing.
    ["states no version", Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ])("falls back when the new image %s", async (_, bytes) => {
    const { driver } = await bornWith(v110);
    await install(driver, bytes);
    await driver.apply({ version: "", sha256: digestOf(bytes) });
    expect(await bringUp(driver)).toMatchObject({
      image: { version: "1.1.0" },
      fellBack: { code: "BOOT_FAILED" },
    });
  });

  it(`falls back after ${TRIAL_BOOTS} boots that nobody confirmed`, async () => {
    const { driver } = await bornWith(v100);
    await install(driver, v110.bytes);
    await driver.apply(v110);
    for (let boots = 0; boots < TRIAL_BOOTS; boots++)
      expect((await bringUp(driver)).image.version).toBe("1.1.0");
    expect(await bringUp(driver)).toMatchObject({
      image: { version: "1.0.0" },
      fellBack: { code: "BOOT_FAILED" },
    });
  });

  it("goes to the other slot when a confirmed image is damaged later", async () => {
    const { driver, directory } = await bornWith(v100);
    await install(driver, v110.bytes);
    await driver.apply(v110);
    await bringUp(driver);
    await driver.confirm();
    await truncate(join(directory, "slot-b.wasm"), 100);
    expect(await bringUp(driver)).toMatchObject({
      image: { version: "1.0.0" },
      fellBack: { code: "SLOT_CORRUPT" },
    });
  });

  it("never boots an image of which one bit has turned since it was verified", async () => {
    const { driver, directory } = await bornWith(v100);
    await install(driver, v110.bytes);
    await driver.apply(v110);
    // In the version's text: it would boot, pass its self-test and state something else.
    const turned = Buffer.from(v110.bytes);
    turned[turned.indexOf("1.1.0")]! ^= 8;
    await writeFile(join(directory, "slot-b.wasm"), turned);
    expect(await bringUp(driver)).toMatchObject({
      image: { version: "1.0.0" },
      fellBack: { code: "SLOT_CORRUPT" },
    });
  });

  it("does not go back by itself to a slot that is not what it was when it ran", async () => {
    const { driver, directory } = await bornWith(v110, BOARD_B7);
    await install(driver, v120.bytes);
    await driver.apply(v120);
    await truncate(join(directory, "slot-a.wasm"), 100);
    expect(await bringUp(driver)).toMatchObject({
      image: { version: "1.2.0" },
      healthy: false,
      fellBack: { code: "SELF_TEST_FAILED" },
    });
  });

  it("boots from a pointer that was written before digests were remembered", async () => {
    const { driver, directory } = await bornWith(v100);
    const pointer = join(directory, "boot.json");
    const { digests, ...before } = JSON.parse(await readFile(pointer, "utf8")) as Record<string, unknown>;
    expect(digests).toEqual({ a: v100.sha256 });
    await writeFile(pointer, JSON.stringify(before));
    expect((await bringUp(driver)).image.version).toBe("1.0.0");
    await install(driver, v110.bytes);
    await driver.apply(v110);
    expect((await bringUp(driver)).image.version).toBe("1.1.0");
  });

  it("says which slots do not start when none does", async () => {
    const { driver, directory } = await bornWith(v100);
    await writeFile(join(directory, "slot-a.wasm"), "gone");
    await expect(driver.boot()).rejects.toThrow(/No slot .* starts: .*slot b: Slot b is empty/s);
  });

  it("stays up, unwell, when there is nothing to fall back to", async () => {
    const directory = await temporaryDirectory();
    await installFactoryImage({ stateDirectory: directory, image: v120.bytes });
    const driver = wasmDriver({ directory, hardware: BOARD_B7 });
    expect(await bringUp(driver)).toMatchObject({ image: { version: "1.2.0" }, healthy: false });
  });

  it("leaves the slot as it was when a download is given up", async () => {
    const { driver } = await bornWith(v100);
    await install(driver, v110.bytes);
    const slot = await driver.openSlot(opening(v120.bytes));
    await slot.write(v120.bytes.subarray(0, 500));
    await slot.abandon();
    expect(await driver.holds(v110.sha256)).toBe(true);
  });
});

describe("a power cut while an image is installed", () => {
  const cuts = LOSSES.flatMap((loss) => Array.from({ length: 32 }, (_, at) => ({ at, loss })));

  it.each(cuts)("at disk operation $at (lost: $loss) leaves a device that boots", async (cut) => {
    const { directory } = await bornWith(v100);
    const disk = powerCutDisk({ disk: systemDisk, ...cut });
    const driver = wasmDriver({ directory, hardware: GOOD_BOARD, disk });
    const whole = await Promise.race([
      (async () => {
        await bringUp(driver);
        await install(driver, v110.bytes);
        await driver.apply(v110);
        await bringUp(driver);
        await driver.confirm();
        return true;
      })(),
      disk.cut.then(() => false),
    ]);
    // The last cuts fall behind the last operation: the scenario is covered to its end.
    expect(whole).toBe(disk.operations.length <= cut.at);

    const after = wasmDriver({ directory, hardware: GOOD_BOARD });
    const up = await bringUp(after);
    expect(up.healthy).toBe(true);
    expect(up.fellBack).toBeUndefined();
    expect([v100.sha256, v110.sha256]).toContain(up.image.sha256);
    if (whole) expect(up.image.version).toBe("1.1.0");
    // And it can be updated all the same.
    await install(after, v120.bytes);
    await after.apply(v120);
    expect((await bringUp(after)).image.version).toBe("1.2.0");
  });
});

describe("an image that hangs", () => {
  const bornWithWatchdog = async (): Promise<Driver> => {
    const { directory } = await bornWith(v100);
    const driver = wasmDriver({ directory, hardware: GOOD_BOARD, watchdogMs: 400 });
    await bringUp(driver);
    return driver;
  };

  it.each<HangsAt>(["start", "selfTest"])(
    `in its %s is left after ${TRIAL_BOOTS} tries, for the image before`,
    async (at) => {
      const driver = await bornWithWatchdog();
      const hanging = await hangingImage(at);
      await install(driver, hanging);
      await driver.apply({ version: "", sha256: digestOf(hanging) });
      expect(await bringUp(driver)).toMatchObject({
        image: { version: "1.0.0" },
        healthy: true,
        fellBack: { code: "HUNG", message: expect.stringContaining("did not answer in 400 ms") as string },
      });
      // The power may go before the agent has noted it: it is said until then.
      expect((await bringUp(driver)).fellBack).toMatchObject({ code: "HUNG" });
      await driver.confirm();
      expect((await bringUp(driver)).fellBack).toBeUndefined();
    },
  );

  it("does not keep the process, nor another device, from their work", async () => {
    const other = await bornWith(v110);
    const driver = await bornWithWatchdog();
    const hanging = await hangingImage("selfTest");
    await install(driver, hanging);
    await driver.apply({ version: "", sha256: digestOf(hanging) });
    await driver.boot();
    let turns = 0;
    const turning = setInterval(() => turns++, 5);
    onTestFinished(() => {
      clearInterval(turning);
    });
    const [hung] = await Promise.allSettled([driver.selfTest(), other.driver.selfTest()]);
    expect(hung).toMatchObject({ status: "rejected", reason: { code: "HUNG" } });
    expect(turns).toBeGreaterThan(5);
    // The thread that held both is gone: the other's image was started again.
    await expect(other.driver.selfTest()).resolves.toBeUndefined();
  });
});

describe("a part of an image", () => {
  it("is found again by another agent on the same disk, and gone on with", async () => {
    const { driver, directory } = await bornWith(v100);
    const slot = await driver.openSlot(opening(v110.bytes));
    await slot.write(v110.bytes.subarray(0, 1000));
    await slot.keep();
    await slot.write(v110.bytes.subarray(1000, 1500));
    await slot.abandon();

    const after = wasmDriver({ directory, hardware: GOOD_BOARD });
    await bringUp(after);
    const part = await after.kept(v110.sha256);
    expect(part?.content).toEqual(Buffer.from(v110.bytes.subarray(0, 1000)));
    const rest = await after.openSlot(opening(v110.bytes, 1000));
    await rest.write(v110.bytes.subarray(1000));
    await rest.finish();
    expect(await after.holds(v110.sha256)).toBe(true);
    expect(await after.kept(v110.sha256)).toBeUndefined();
  });

  it("is not taken for a part of another image, though it was begun over it", async () => {
    const { driver } = await bornWith(v100);
    const slot = await driver.openSlot(opening(v110.bytes));
    await slot.write(v110.bytes.subarray(0, 1000));
    await slot.keep();
    await slot.abandon();
    const other = await driver.openSlot(opening(v120.bytes));
    await other.write(v120.bytes.subarray(0, 1200));
    await other.abandon();
    expect(await driver.kept(v110.sha256)).toBeUndefined();
    expect(await driver.kept(v120.sha256)).toBeUndefined();
  });

  it("whose note is damaged costs the part, not the device", async () => {
    const { driver, directory } = await bornWith(v100);
    await writeFile(join(directory, "slot-b.wasm.part.json"), "{");
    expect(await driver.kept(v110.sha256)).toBeUndefined();
    await install(driver, v110.bytes);
    expect(await driver.holds(v110.sha256)).toBe(true);
  });
});
