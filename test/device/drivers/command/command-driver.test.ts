import { describe, expect, it } from "vitest";
import { TRIAL_BOOTS } from "../../../../device/drivers/driver.ts";
import type { Disk } from "../../../../device/disk.ts";
import { writeDurably } from "../../../../device/disk.ts";
import { commandDriver } from "../../../../device/drivers/command/command-driver.ts";
import type { Driver } from "../../../../device/drivers/driver.ts";
import type { Health, PaperFirmware } from "../../power-cut/paper-firmware.ts";
import { paperFirmware } from "../../power-cut/paper-firmware.ts";
import { memoryDisk } from "../../../../local/fleet/memory-disk.ts";
import type { MachineLife } from "./machine-life.ts";
import { DIRECTORY, machineLife } from "./machine-life.ts";
import type { MachineKind, PaperMachine } from "./paper-machine.ts";
import { paperMachine } from "./paper-machine.ts";

const BIRTH = paperFirmware("1.0.0", "good");
const NEXT = paperFirmware("2.0.0", "good");

const KINDS: readonly MachineKind[] = [
  { tells: "slots", restarts: "device" },
  { tells: "slots", restarts: "firmware" },
  { tells: "version", restarts: "device" },
  { tells: "version", restarts: "firmware" },
];

function born(kind: MachineKind, images = [BIRTH, NEXT]): { machine: PaperMachine; life: MachineLife } {
  const disk = memoryDisk();
  const machine = paperMachine(BIRTH, kind, disk);
  return { machine, life: machineLife({ machine, disk, birth: BIRTH, images }) };
}

describe.each(KINDS)("a machine whose version step tells $tells and whose $restarts restarts", (kind) => {
  it("is updated step by step, and proves what runs", async () => {
    const { machine, life } = born(kind);
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "ok",
      currentFwVersion: "2.0.0",
      fromVersion: "1.0.0",
      fwHealth: "healthy",
    });
    expect(machine.running()).toBe("2.0.0");
    expect(machine.installed).toEqual([NEXT.sha256]);
    const steps = machine.ran.filter((name) => name !== "version");
    expect(steps).toEqual(["selfTest", "install", "reboot", "selfTest", "selfTest", "confirm"]);
  });

  it("says that it runs its birth image already", async () => {
    const { machine, life } = born(kind);
    expect(await life.ask(BIRTH, "attempt-1")).toMatchObject({ outcome: "ok-already" });
    expect(machine.ran).not.toContain("install");
  });

  it("is taken back by a switch of slots, without a download", async () => {
    const { machine, life } = born(kind);
    await life.ask(BIRTH, "baseline");
    await life.ask(NEXT, "attempt-1");
    const downloads = life.downloads();
    expect(await life.ask(BIRTH, "baseline")).toMatchObject({
      rolloutId: "baseline",
      outcome: "ok-already",
      currentFwVersion: "1.0.0",
    });
    expect(life.downloads()).toBe(downloads);
    expect(machine.installed).toHaveLength(1);
  });

  it("downloads and installs again where its maker cannot say what the other slot holds", async () => {
    const { machine, life } = born({ ...kind, without: ["holds"] });
    await life.ask(BIRTH, "baseline");
    await life.ask(NEXT, "attempt-1");
    expect(await life.ask(BIRTH, "baseline")).toMatchObject({ currentFwVersion: "1.0.0" });
    expect(machine.installed).toEqual([NEXT.sha256, BIRTH.sha256]);
  });

  it.each<[Health, string]>([
    ["dead", "BOOT_FAILED"],
    ["sick", "SELF_TEST_FAILED"],
    ["mute", "HUNG"],
    ["ill", "HEALTH_FAILED"],
  ])("goes back from an image that is %s, and says %s", async (health, errorCode) => {
    const bad = paperFirmware("2.0.0", health);
    const { machine, life } = born(kind, [BIRTH, bad]);
    expect(await life.ask(bad, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode,
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "rolledback",
      fwHealth: "healthy",
    });
    // The reason is the self-test's own word, whichever reboots came between.
    if (health !== "dead") expect(life.reports.at(-1)!.fwUpdateSubstatus).toMatch(/^selfTest: paper /);
    machine.powerCycle();
    expect(await life.ask(bad, "attempt-1")).toMatchObject({ outcome: "failed", currentFwVersion: "1.0.0" });
    expect(machine.installed).toHaveLength(1);
  });

  it("takes a good image after a bad one", async () => {
    const bad = paperFirmware("1.5.0", "sick");
    const { machine, life } = born(kind, [BIRTH, bad, NEXT]);
    await life.ask(bad, "attempt-1");
    expect(await life.ask(NEXT, "attempt-2")).toMatchObject({ outcome: "ok" });
    expect(machine.running()).toBe("2.0.0");
  });

  it("stays on its image when the installer refuses, and points the next boot at it", async () => {
    const { machine, life } = born(kind);
    machine.meddle = (name) =>
      name === "install" ? { type: "exited", code: 3, tail: "no space" } : undefined;
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "INSTALL_FAILED",
      fwUpdateStatus: "error",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: "install: paper ended with 3: no space",
    });
    expect(machine.ran.slice(-2)).toEqual(["rollback", "version"]);
    expect(machine.ran).not.toContain("reboot");
  });

  it("is given up after three installations that took the device down", async () => {
    const { machine, life } = born(kind);
    machine.meddle = (name) => (name === "install" ? "goesDown" : undefined);
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "INSTALL_FAILED",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: "the installation of 2.0.0 was cut off 3 times",
    });
    expect(machine.ran.filter((name) => name === "install")).toHaveLength(3);
    expect(life.downloads()).toBe(1);
  });

  it("goes back from an image that it cannot keep, and tells why", async () => {
    const { machine, life } = born(kind);
    machine.meddle = (name) =>
      name === "confirm" ? { type: "exited", code: 1, tail: "read-only" } : undefined;
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "WRITE_FAILED",
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "rolledback",
      fwUpdateSubstatus: "confirm: paper ended with 1: read-only",
    });
    expect(machine.running()).toBe("1.0.0");
  });

  it("stays where it is when the reboot step fails", async () => {
    const { machine, life } = born(kind);
    machine.meddle = (name) => (name === "reboot" ? { type: "exited", code: 1, tail: "denied" } : undefined);
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "BOOT_FAILED",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: "reboot: paper ended with 1: denied",
    });
    machine.meddle = () => undefined;
    // The boot loader does not try it behind the agent's back.
    machine.powerCycle();
    expect(machine.running()).toBe("1.0.0");
  });

  it("leaves an image that cannot say what it is", async () => {
    const { machine, life } = born(kind);
    machine.meddle = (name) =>
      name === "version" && machine.running() === "2.0.0" ? { type: "exited", code: 1, tail: "" } : undefined;
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "BOOT_FAILED",
      currentFwVersion: "1.0.0",
      fwUpdateStatus: "rolledback",
    });
  });

  it(`gives an image on trial ${TRIAL_BOOTS} boots`, async () => {
    const { machine, life } = born(kind);
    // The power goes in each health time: at its second self-test.
    let boots = 0;
    let tests = 0;
    machine.meddle = (name) => {
      if (name === "reboot" || name === "rollback") tests = 0;
      if (name !== "selfTest" || machine.running() !== "2.0.0") return undefined;
      tests++;
      if (tests === 1) boots++;
      if (tests < 2) return undefined;
      tests = 0;
      return "goesDown";
    };
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "BOOT_FAILED",
      currentFwVersion: "1.0.0",
      fwUpdateSubstatus: `2.0.0 was not well in ${TRIAL_BOOTS} boots`,
    });
    expect(boots).toBe(TRIAL_BOOTS);
  });

  it("tells what runs when the bytes it was given state another version", async () => {
    const { life } = born(kind);
    const named = { ...NEXT, version: "2.1.0" };
    expect(await life.ask(named, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "VERSION_MISMATCH",
      currentFwVersion: "2.0.0",
    });
  });

  it("resets a proven image that hangs three times and no more", async () => {
    const { machine, life } = born(kind);
    await life.ask(BIRTH, "baseline");
    machine.ran.length = 0;
    machine.meddle = (name) => (name === "selfTest" ? { type: "timedOut", tail: "" } : undefined);
    for (let starts = 0; starts < 4; starts++) {
      machine.powerCycle();
      await life.ask(BIRTH, "baseline");
      expect(life.reports.at(-1)).toMatchObject({ fwHealth: "unhealthy", currentFwVersion: "1.0.0" });
    }
    expect(machine.ran.filter((name) => name === "reboot")).toHaveLength(TRIAL_BOOTS);
    machine.meddle = () => undefined;
    machine.powerCycle();
    await life.ask(BIRTH, "baseline");
    expect(life.reports.at(-1)).toMatchObject({ fwHealth: "healthy" });
  });
});

describe("an agent that ends alone", () => {
  /** Ends the agent at the first so many runs of a step, on the new image or the old. */
  function endingAt(machine: PaperMachine, ends: { step: string; on: string; times: number }): void {
    let left = ends.times;
    machine.meddle = (name) =>
      name === ends.step && machine.running() === ends.on && left-- > 0 ? "agentEnds" : undefined;
  }

  it("between the order to reboot and the reboot, orders it again where the version step tells boots", async () => {
    const { machine, life } = born(KINDS[0]!);
    endingAt(machine, { step: "reboot", on: "1.0.0", times: 2 });
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0" });
    expect(machine.ran.filter((name) => name === "reboot")).toHaveLength(3);
  });

  it("is not taken for a reboot that never comes, for ever", async () => {
    const { machine, life } = born(KINDS[0]!);
    endingAt(machine, { step: "reboot", on: "1.0.0", times: 10 });
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "failed", errorCode: "BOOT_FAILED" });
    expect(machine.ran.filter((name) => name === "reboot")).toHaveLength(TRIAL_BOOTS);
  });

  it("in the health time, however often, costs the image none of its boots", async () => {
    const { machine, life } = born(KINDS[0]!);
    endingAt(machine, { step: "selfTest", on: "2.0.0", times: 2 * TRIAL_BOOTS });
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0" });
  });
});

describe("a reboot that is done only when it is needed", () => {
  it.each(["device", "firmware"] as const)("is done when the exit codes ask for it: %s", async (restarts) => {
    const { machine, life } = born({ tells: "slots", restarts, reboots: "needed" });
    await life.ask(BIRTH, "baseline");
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "ok" });
    expect(await life.ask(BIRTH, "baseline")).toMatchObject({ currentFwVersion: "1.0.0" });
    expect(machine.ran.filter((name) => name === "reboot")).toHaveLength(2);
  });

  it("is left out when they do not, on the way there and back", async () => {
    const bad = paperFirmware("3.0.0", "sick");
    const { machine, life } = born({ tells: "slots", restarts: "firmware", reboots: "swaps" }, [
      BIRTH,
      NEXT,
      bad,
    ]);
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0" });
    expect(await life.ask(bad, "attempt-2")).toMatchObject({
      errorCode: "SELF_TEST_FAILED",
      currentFwVersion: "2.0.0",
      fwUpdateStatus: "rolledback",
    });
    expect(machine.ran).not.toContain("reboot");
  });
});

describe("a device without a way back", () => {
  it("stays on an image that is sick, and says so", async () => {
    const bad = paperFirmware("2.0.0", "sick");
    const { life } = born({ tells: "slots", restarts: "device", without: ["rollback", "holds"] }, [
      BIRTH,
      bad,
      NEXT,
    ]);
    expect(await life.ask(bad, "attempt-1")).toMatchObject({
      outcome: "failed",
      errorCode: "SELF_TEST_FAILED",
      fwUpdateStatus: "error",
      fwHealth: "unhealthy",
      currentFwVersion: "2.0.0",
    });
  });
});

describe("a driver that is asked to apply", () => {
  interface Bench {
    readonly driver: Driver;
    readonly machine: PaperMachine;
    readonly disk: Disk;
  }

  async function stored(kind: MachineKind, image: PaperFirmware): Promise<Bench> {
    const disk = memoryDisk();
    const machine = paperMachine(BIRTH, kind, disk);
    const driver = commandDriver({
      steps: machine.steps,
      directory: DIRECTORY,
      factorySha256: BIRTH.sha256,
      disk,
      machine,
    });
    await driver.boot();
    const source = { address: "https://images.example/a", etag: "" };
    const slot = await driver.openSlot({ sha256: image.sha256, source, from: 0 });
    await slot.write(image.bytes);
    await slot.finish();
    return { driver, machine, disk };
  }

  it("hashes the image again before a command sees it", async () => {
    const { driver, machine, disk } = await stored(KINDS[0]!, NEXT);
    expect(await driver.holds(NEXT.sha256)).toBe(true);
    const turned = NEXT.bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte));
    await writeDurably(disk, `${DIRECTORY}/image`, turned);
    await expect(driver.apply(NEXT)).rejects.toMatchObject({ code: "SLOT_CORRUPT" });
    expect(machine.ran).not.toContain("install");
    expect(await driver.holds(NEXT.sha256)).toBe(false);
  });

  it("refuses another image of the version that runs where nothing could tell them apart", async () => {
    const twin = { ...paperFirmware("1.0.0", "sick"), version: "1.0.0" };
    const untold = await stored(KINDS[2]!, twin);
    await expect(untold.driver.apply(twin)).rejects.toThrow("the version step tells no slot");
    expect(untold.machine.ran).not.toContain("install");
    const told = await stored(KINDS[1]!, twin);
    await told.driver.apply(twin);
    expect(await told.driver.boot()).toMatchObject({ image: { version: "1.0.0", sha256: twin.sha256 } });
  });

  it("and is closed meanwhile has neither installed nor failed", async () => {
    const { driver, machine, disk } = await stored(KINDS[0]!, NEXT);
    const installing = Promise.withResolvers<undefined>();
    const run = machine.run.bind(machine);
    machine.run = (step) => {
      if (step.args[0] !== "install") return run(step);
      installing.resolve(undefined);
      return new Promise((resolve) => {
        step.signal.addEventListener("abort", () => {
          resolve({ type: "stopped" });
        });
      });
    };
    const applied = driver.apply(NEXT);
    await installing.promise;
    await driver.close?.();
    await expect(applied).rejects.toThrow("install was stopped: the agent closes");
    const record = new TextDecoder().decode(await disk.read(`${DIRECTORY}/installed.json`));
    expect(JSON.parse(record)).toMatchObject({ trial: { phase: "installing" } });
    await expect(
      driver.rollback({ code: "HEALTH_FAILED", message: "it did not stay well" }),
    ).rejects.toThrow();
  });

  it("a third image before the second has proven itself confirms the second, to fall back to", async () => {
    const third = paperFirmware("3.0.0", "dead");
    const { driver, machine } = await stored(KINDS[1]!, NEXT);
    await driver.apply(NEXT);
    await driver.boot();
    const source = { address: "https://images.example/a", etag: "" };
    const slot = await driver.openSlot({ sha256: third.sha256, source, from: 0 });
    await slot.write(third.bytes);
    await slot.finish();
    await driver.apply(third);
    expect(machine.ran.slice(-2)).toEqual(["confirm", "install"]);
    expect(await driver.boot()).toMatchObject({
      image: { version: "2.0.0", sha256: NEXT.sha256 },
      fellBack: { code: "BOOT_FAILED" },
    });
  });
});

describe("what the driver remembers", () => {
  it("is not needed to start: without it the digest of what runs is not known", async () => {
    const disk = memoryDisk();
    const machine = paperMachine(BIRTH, KINDS[0]!, disk);
    await writeDurably(disk, `${DIRECTORY}/installed.json`, new TextEncoder().encode("{"));
    const troubles: string[] = [];
    const driver = commandDriver({
      steps: machine.steps,
      directory: DIRECTORY,
      disk,
      machine,
      onTrouble: (message) => troubles.push(message),
    });
    expect(await driver.boot()).toEqual({ image: { version: "1.0.0", sha256: "", factory: true } });
    expect(troubles).toEqual([expect.stringContaining("installed.json is not used") as string]);
  });

  it("gives way to what runs, when somebody has flashed the device by hand", async () => {
    const { machine, life } = born(KINDS[0]!);
    await life.ask(BIRTH, "baseline");
    machine.flash("1.7.0");
    await life.ask(BIRTH, "baseline");
    expect(life.reports.at(-1)).toMatchObject({ currentFwVersion: "1.7.0" });
    expect(await life.ask(NEXT, "attempt-1")).toMatchObject({ outcome: "ok", fromVersion: "1.7.0" });
  });
});
