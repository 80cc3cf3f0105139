import { setImmediate as immediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DeviceLoop } from "../../device/device-loop.ts";
import { deviceLoop } from "../../device/device-loop.ts";
import type { DeviceState } from "../../device/device-state.ts";
import { newDeviceState } from "../../device/device-state.ts";
import type { Driver } from "../../device/drivers/driver.ts";
import type { Permission } from "../../device/permission.ts";
import type { FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { createManualClock } from "../local/hub/manual-clock.ts";
import { desiredFor, digest } from "./paper-device.ts";

const MINUTE_MS = 60_000;
const LONGEST_RETRY_MS = 5 * MINUTE_MS;

const driver: Driver = {
  boot: () => Promise.resolve({ image: { version: "1.0.0", sha256: digest("1"), factory: true } }),
  selfTest: () => Promise.resolve(),
  holds: () => Promise.resolve(false),
  kept: () => Promise.resolve(undefined),
  openSlot: () => Promise.reject(new Error("this device downloads nothing")),
  apply: () => Promise.resolve(),
  confirm: () => Promise.resolve(),
  rollback: () => Promise.resolve(false),
};
const asked = desiredFor({
  rolloutId: "fw--thermostat--2-0-0--1",
  version: "2.0.0",
  image: { sha256: digest("2"), states: "2.0.0" },
});

/** A device whose disk takes the first saves and refuses as many as it is told to. */
interface FullDiskDevice {
  readonly loop: DeviceLoop;
  /** Let what is ready happen, then pass time. */
  readonly pass: (ms: number) => Promise<void>;
  readonly saved: DeviceState[];
  readonly reports: FirmwareReported[];
  readonly troubles: string[];
  /** Instants of refused saves. */
  readonly refusedAt: number[];
  /** Refuse that many saves from now on. */
  readonly refuse: (saves: number) => void;
}

function aDevice({
  held = false,
  permission,
  ...overrides
}: { readonly held?: boolean; readonly permission?: Permission } & Partial<Driver> = {}): FullDiskDevice {
  const clock = createManualClock();
  const [saved, reports, troubles, refusedAt]: [DeviceState[], FirmwareReported[], string[], number[]] = [
    [],
    [],
    [],
    [],
  ];
  let refusals = 0;
  const loop = deviceLoop({
    state: newDeviceState(7),
    driver: { ...driver, holds: () => Promise.resolve(held), ...overrides },
    clock,
    healthTimeMs: 1000,
    permission,
    save(state) {
      if (refusals-- > 0) {
        refusedAt.push(clock.now());
        return Promise.reject(new Error("ENOSPC: no space left on device"));
      }
      saved.push(state);
      return Promise.resolve();
    },
    report(reported) {
      reports.push(reported);
      return Promise.resolve();
    },
    // Under way until it is called off.
    download: (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("called off"));
        });
      }),
    onBoot: () => undefined,
    onTrouble: (message) => troubles.push(message),
  });
  onTestFinished(() => loop.stop());
  return {
    ...{ loop, saved, reports, troubles, refusedAt },
    pass: async (ms) => {
      await immediate();
      await clock.advance(ms);
    },
    refuse: (saves) => {
      refusals = saves;
    },
  };
}

describe("a device whose state cannot be saved", () => {
  it("does nothing about what it heard until a later try succeeds, and then goes on by itself", async () => {
    const device = aDevice();
    await device.loop.start();
    device.refuse(1);
    device.loop.hear(asked);
    await device.pass(0);
    expect(device.troubles).toEqual([
      expect.stringMatching(/^the state is not saved, next try in \d+ s: ENOSPC/),
    ]);
    expect(device.reports.at(-1)).toMatchObject({ rolloutId: "", outcome: "" });
    await device.pass(MINUTE_MS);
    await device.loop.settled();
    expect(device.loop.state().update?.phase).toBe("downloading");
    expect(device.reports.at(-1)).toMatchObject({ outcome: "contacted", fwUpdateStatus: "downloading" });
    expect(device.troubles).toHaveLength(1);
  });

  it("loses no later step of an update either", async () => {
    const device = aDevice();
    await device.loop.start();
    device.loop.hear(asked);
    await device.loop.settled();
    device.refuse(3);
    device.loop.hear(null);
    device.loop.hear(asked);
    await device.pass(10 * MINUTE_MS);
    await device.loop.settled();
    expect(device.refusedAt).toHaveLength(3);
    expect(device.reports.slice(-3).map((report) => report.fwUpdateSubstatus)).toEqual([
      "stays: no firmware is asked for",
      "",
      "fetching 1000 bytes",
    ]);
  });

  it("waits longer and longer, never more than five minutes", async () => {
    const device = aDevice();
    await device.loop.start();
    device.refuse(Infinity);
    device.loop.hear(asked);
    await device.pass(24 * 60 * MINUTE_MS);
    const waits = device.refusedAt.slice(1).map((at, index) => at - device.refusedAt[index]!);
    expect(Math.max(...waits)).toBeLessThanOrEqual(LONGEST_RETRY_MS);
    expect(Math.max(...waits)).toBeGreaterThan(LONGEST_RETRY_MS / 2);
    expect(waits[0]).toBeLessThan(LONGEST_RETRY_MS / 10);
    // 288 at the longest wait, and the tries of the beginning.
    expect(waits.length).toBeLessThan(1000);
  });

  it("starts all the same, so that it is at its hub when there is space again", async () => {
    const device = aDevice();
    device.refuse(1);
    await device.loop.start();
    expect(device.reports).toEqual([]);
    device.loop.hear(asked);
    await device.pass(MINUTE_MS);
    await device.loop.settled();
    expect(device.saved[0]).toMatchObject({ running: { version: "1.0.0" }, latches: [] });
    expect(device.reports.at(-1)).toMatchObject({ outcome: "contacted", fromVersion: "1.0.0" });
  });

  it("stops at once in the middle of waiting, with nothing done", async () => {
    const device = aDevice();
    await device.loop.start();
    const before = device.loop.state();
    device.refuse(Infinity);
    device.loop.hear(asked);
    await device.pass(0);
    await device.loop.stop();
    const tries = device.refusedAt.length;
    await device.pass(24 * 60 * MINUTE_MS);
    expect(device.refusedAt).toHaveLength(tries);
    expect(device.loop.state()).toBe(before);
  });
});

describe("a device whose owner is asked", () => {
  it("asks every minute until it is yes, and not after it is taken back", async () => {
    const answers: (string | undefined)[] = ["not now", "not now", undefined];
    let asks = 0;
    const device = aDevice({ held: true, permission: { consent: () => answers[asks++] } });
    await device.loop.start();
    device.loop.hear(asked);
    await device.pass(0);
    await device.loop.settled();
    expect(device.reports.at(-1)).toMatchObject({ fwUpdateSubstatus: "waits: not now" });
    await device.pass(MINUTE_MS - 1);
    expect(asks).toBe(1);
    await device.pass(1);
    expect(asks).toBe(2);
    device.loop.hear(null);
    await device.loop.settled();
    await device.pass(60 * MINUTE_MS);
    expect(asks).toBe(2);
    device.loop.hear(asked);
    await device.pass(0);
    await device.loop.settled();
    expect(device.reports.map(({ fwUpdateStatus }) => fwUpdateStatus)).toContain("rebooting");
  });
});

describe("a device whose driver cannot note that its boot was heard of", () => {
  it("reports what it fell back from all the same", async () => {
    const device = aDevice({
      boot: async () => ({
        ...(await driver.boot()),
        fellBack: { code: "BOOT_FAILED", message: "2.0.0 did not start" },
      }),
      confirm: () => Promise.reject(new Error("EROFS: read-only file system")),
    });
    await device.loop.start();
    expect(device.troubles).toEqual([expect.stringContaining("EROFS")]);
    expect(device.reports).toHaveLength(1);
  });
});
