import { afterAll, describe, expect, it } from "vitest";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { boundaryTable } from "./boundary-table.ts";
import { memoryDisk } from "../../../local/fleet/memory-disk.ts";
import type { Health, PaperFirmware } from "./paper-firmware.ts";
import { paperFirmware } from "./paper-firmware.ts";
import type { Loss } from "./power-cut-disk.ts";
import { LOSSES, powerCutDisk } from "./power-cut-disk.ts";
import { machineLife } from "../drivers/command/machine-life.ts";
import type { MachineKind } from "../drivers/command/paper-machine.ts";
import { paperMachine } from "../drivers/command/paper-machine.ts";

const BIRTH = paperFirmware("1.0.0", "good");

/** Every how many-th boundary is cut, others in each row. `SOAK` cuts at all. */
const EVERY = process.env["SOAK"] === undefined ? 7 : 1;

/** What ends: the agent alone, as by a kill, or the device with it. */
type Victim = "agent" | "device";

interface Cut {
  readonly at: number;
  readonly loss: Loss;
  readonly victim: Victim;
}

interface Run {
  readonly operations: readonly string[];
  readonly end: FirmwareReported;
  readonly wasCut: boolean;
}

/** One update that is cut off once; every promise of the driver is checked on the way. */
async function updateThroughCut(image: PaperFirmware, kind: MachineKind, cut: Cut): Promise<Run> {
  const disk = memoryDisk();
  const machine = paperMachine(BIRTH, kind, disk);
  const life = machineLife({ machine, disk, birth: BIRTH, images: [BIRTH, image] });
  const failing = powerCutDisk({ disk, at: cut.at, loss: cut.loss });
  const update = life.ask(image, "attempt-1", failing).then(() => false);
  const wasCut = await Promise.race([update, failing.cut.then(() => true)]);
  if (wasCut && cut.victim === "device") machine.powerCycle();
  const end = await life.ask(image, "attempt-1");
  // No installer ever saw other bytes than the ones that were verified.
  for (const digest of machine.installed) expect(digest).toBe(image.sha256);

  // What has ended has ended, and the boot loader thinks so too.
  machine.ran.length = 0;
  machine.powerCycle();
  expect(await life.ask(image, "attempt-1")).toMatchObject({
    outcome: end.outcome,
    currentFwVersion: end.currentFwVersion,
  });
  expect(machine.running()).toBe(end.currentFwVersion);
  expect(machine.ran).not.toContain("install");
  expect(machine.ran).not.toContain("reboot");
  return { operations: failing.operations, end, wasCut };
}

const table = boundaryTable("power cuts and kills beside a maker's boot loader");
afterAll(() => {
  table.print();
});

const SLOTS: MachineKind = { tells: "slots", restarts: "device" };
const VERSION: MachineKind = { tells: "version", restarts: "device" };
const FIRMWARE: MachineKind = { tells: "slots", restarts: "firmware" };

describe("a cut at any operation of the disk", () => {
  it.each<[Health, Victim, MachineKind, readonly string[]]>([
    ["good", "device", SLOTS, [""]],
    ["good", "agent", SLOTS, [""]],
    ["good", "device", VERSION, [""]],
    // Between the order and the reboot nothing tells a machine without a boot number that it has not rebooted yet.
    ["good", "agent", VERSION, ["", "BOOT_FAILED"]],
    ["good", "agent", FIRMWARE, [""]],
    ["dead", "device", SLOTS, ["BOOT_FAILED"]],
    ["dead", "agent", VERSION, ["BOOT_FAILED"]],
    ["sick", "device", SLOTS, ["SELF_TEST_FAILED", "BOOT_FAILED"]],
    ["sick", "agent", FIRMWARE, ["SELF_TEST_FAILED", "BOOT_FAILED"]],
    ["ill", "device", SLOTS, ["HEALTH_FAILED"]],
    ["mute", "device", SLOTS, ["HUNG", "BOOT_FAILED"]],
  ])("leads an image that is %s to its end, though the %s ends", async (health, victim, kind, codes) => {
    const image = paperFirmware("2.0.0", health);
    const uncut = await updateThroughCut(image, kind, { at: Infinity, loss: "nothing", victim });
    expect(uncut.end.errorCode).toBe(codes[0]);
    const boundaries = uncut.operations.length;
    let failed = 0;
    for (const [row, loss] of LOSSES.entries()) {
      for (let at = 0; at < boundaries; at++) {
        if ((at + 2 * row) % EVERY !== 0) continue;
        const { end, wasCut, operations } = await updateThroughCut(image, kind, { at, loss, victim });
        const where = `${operations.at(-1)}, number ${at}, lost: ${loss}`;
        expect(wasCut, where).toBe(true);
        expect(end, where).toMatchObject({
          rolloutId: "attempt-1",
          pendingFwVersion: "",
          fwHealth: "healthy",
        });
        expect(codes, where).toContain(end.errorCode);
        expect([end.outcome, end.currentFwVersion], where).toEqual(
          end.errorCode === "" ? ["ok", "2.0.0"] : ["failed", "1.0.0"],
        );
        if (end.errorCode !== "") failed++;
        table.add(operations.at(-1)!, end.errorCode === "" ? end.outcome : end.errorCode);
      }
    }
    // At most at one operation, however much is lost.
    if (health === "good") expect(failed).toBeLessThanOrEqual(LOSSES.length * (codes.length - 1));
  });
});
