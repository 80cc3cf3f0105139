import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import type { Disk } from "../../../device/disk.ts";
import { TRIAL_BOOTS } from "../../../device/drivers/driver.ts";
import { installFactoryImage } from "../../../device/drivers/wasm/factory-image.ts";
import { withThousands } from "../../../rollout/gate/format-evidence.ts";
import { PROJECT } from "../../support/command-line.ts";
import { memoryDisk } from "../../../local/fleet/memory-disk.ts";
import { desiredFor } from "../paper-device.ts";
import { boundaryTable } from "./boundary-table.ts";
import { atRest, bootableDigests, powerOn } from "./device-life.ts";
import type { Health, PaperFirmware } from "./paper-firmware.ts";
import { paperBoard, paperFirmware } from "./paper-firmware.ts";
import { paperStore } from "./paper-store.ts";
import type { Loss } from "./power-cut-disk.ts";
import { LOSSES, powerCutDisk } from "./power-cut-disk.ts";

const BIRTH = paperFirmware("1.0.0", "good");
const DIRECTORY = "/device";

interface Run {
  readonly operations: readonly string[];
  readonly end: FirmwareReported;
  readonly wasCut: boolean;
}

/** One update whose power goes once; every promise of the agent is checked on the way. */
async function updateThroughCut(
  image: PaperFirmware,
  cut: { readonly at: number; readonly loss: Loss },
): Promise<Run> {
  const disk = memoryDisk();
  await installFactoryImage({ stateDirectory: DIRECTORY, image: BIRTH.bytes, disk });
  const board = paperBoard();
  const store = paperStore([image]);
  const reports: FirmwareReported[] = [];
  const desired = desiredFor(
    {
      rolloutId: "attempt-1",
      version: image.version,
      image: { sha256: image.sha256, states: image.version },
    },
    { fwPackageSize: image.bytes.length },
  );
  const update = async (through: Disk): Promise<void> => {
    const loop = await powerOn({
      disk: through,
      directory: DIRECTORY,
      ask: store.ask,
      start: board.start,
      onReport: (reported) => reports.push(reported),
    });
    loop.hear(desired);
    await atRest(loop);
  };

  const failing = powerCutDisk({ disk, ...cut });
  const wasCut = await Promise.race([update(failing).then(() => false), failing.cut.then(() => true)]);
  const whole = [BIRTH.sha256, image.sha256];
  for (const digest of await bootableDigests(disk, DIRECTORY)) expect(whole).toContain(digest);
  await update(disk);
  const end = reports.at(-1)!;
  expect(await bootableDigests(disk, DIRECTORY)).toEqual([
    image.health === "good" ? image.sha256 : BIRTH.sha256,
  ]);
  for (const digest of board.starts) expect(whole).toContain(digest);
  if (image.health !== "good") {
    expect(board.starts.filter((digest) => digest === image.sha256).length).toBeLessThanOrEqual(TRIAL_BOOTS);
  }

  // What has ended has ended: one boot of what runs, the start's report, nothing else.
  const [starts, asked] = [board.starts.length, store.asked];
  await update(disk);
  expect(board.starts.slice(starts)).toHaveLength(1);
  expect(store.asked).toBe(asked);
  expect(reports.at(-1)).toMatchObject({ outcome: end.outcome, currentFwVersion: end.currentFwVersion });
  return { operations: failing.operations, end, wasCut };
}

const table = boundaryTable("power cuts on a disk in memory");
afterAll(() => {
  table.print();
});

const KINDS: readonly (readonly [Health, object, readonly string[]])[] = [
  ["good", { outcome: "ok", currentFwVersion: "2.0.0", fwUpdateStatus: "current" }, [""]],
  ["dead", { outcome: "failed", fwUpdateStatus: "rolledback" }, ["BOOT_FAILED"]],
  ["sick", { outcome: "failed", fwUpdateStatus: "rolledback" }, ["SELF_TEST_FAILED", "BOOT_FAILED"]],
  ["ill", { outcome: "failed", fwUpdateStatus: "rolledback" }, ["HEALTH_FAILED"]],
  // Tries before the power went are counted, and not known to have hung.
  ["hangs", { outcome: "failed", fwUpdateStatus: "rolledback" }, ["HUNG", "BOOT_FAILED"]],
  ["mute", { outcome: "failed", fwUpdateStatus: "rolledback" }, ["HUNG", "BOOT_FAILED"]],
];

describe("a power cut at any operation of the disk", () => {
  it.each(KINDS)("leads an image that is %s to its end, reported", async (health, expected, codes) => {
    const image = paperFirmware("2.0.0", health);
    const uncut = await updateThroughCut(image, { at: Infinity, loss: "nothing" });
    const boundaries = uncut.operations.length;
    expect(uncut.end.errorCode).toBe(codes[0]);
    for (const loss of LOSSES) {
      for (let at = 0; at < boundaries; at++) {
        const { end, wasCut, operations } = await updateThroughCut(image, { at, loss });
        const where = `${operations.at(-1)}, number ${at}, lost: ${loss}`;
        expect(wasCut, where).toBe(true);
        expect(end, where).toMatchObject({
          currentFwVersion: "1.0.0",
          rolloutId: "attempt-1",
          pendingFwVersion: "",
          fromVersion: "1.0.0",
          fwHealth: "healthy",
          ...expected,
        });
        expect(codes, where).toContain(end.errorCode);
        table.add(operations.at(-1)!, end.errorCode === "" ? end.outcome : end.errorCode);
      }
    }
  });

  it("was one of as many as docs/device.md counts", () => {
    const page = readFileSync(join(PROJECT, "docs/device.md"), "utf8");
    expect(KINDS).toHaveLength(6);
    expect(page).toContain(`${withThousands(table.cuts())} cuts of six kinds of image`);
  });
});
