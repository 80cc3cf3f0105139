import { describe, expect, it } from "vitest";
import { startAgent } from "../../device/agent.ts";
import type { Permission } from "../../device/permission.ts";
import { expectPermission, whyNotNow } from "../../device/permission.ts";
import { desiredFor, digest, PaperDevice } from "./paper-device.ts";

const OLD = { sha256: digest("1"), states: "1.0.0" };
const NEW = { sha256: digest("2"), states: "2.0.0" };
const ATTEMPT = { rolloutId: "fw--thermostat--2-0-0--1", version: "2.0.0", image: NEW };
const BACK = { rolloutId: "fw--thermostat--1-0-0--1", version: "1.0.0", image: OLD };
const ASKED = { rolloutId: ATTEMPT.rolloutId, version: "2.0.0", fromVersion: "1.0.0" };
/** From 2 to 4 at night, by the clocks of Berlin. */
const NIGHT = { cron: "0 2 * * *", forMs: 2 * 3_600_000, timeZone: "Europe/Berlin" };

const reasonAt = (permission: Permission, instant: string): Promise<string | undefined> =>
  whyNotNow(permission, { update: ASKED, atMs: Date.parse(instant) });

function aDevice(mayNot?: string): PaperDevice {
  const device = new PaperDevice(OLD, [OLD, NEW]).settle();
  device.mayNot = mayNot;
  return device;
}

describe("a device that may not leave what it runs", () => {
  it("fetches and verifies, says why it waits, and goes on without another report", () => {
    const device = aDevice("the owner says: tonight");
    device.hear(desiredFor(ATTEMPT));
    device.settle();
    expect(device.last).toMatchObject({
      currentFwVersion: "1.0.0",
      pendingFwVersion: "2.0.0",
      fwUpdateStatus: "applying",
      fwUpdateSubstatus: "waits: the owner says: tonight",
      outcome: "contacted",
    });
    expect(device.other).toBe(NEW);
    expect(device.running).toBe(OLD);
    device.mayNot = undefined;
    device.settle();
    expect(device.last).toMatchObject({ currentFwVersion: "2.0.0", outcome: "ok" });
    // The first is the birth's.
    expect(device.reports.slice(1).map(({ fwUpdateStatus }) => fwUpdateStatus)).toEqual([
      ...["current", "downloading", "applying", "rebooting", "current"],
    ]);
  });

  it("obeys a take-back at once", () => {
    const device = aDevice("no window");
    device.hear(desiredFor(ATTEMPT));
    device.settle();
    device.hear(desiredFor(BACK));
    device.settle();
    expect(device.last).toMatchObject({ rolloutId: BACK.rolloutId, outcome: "ok-already" });
    device.mayNot = undefined;
    device.settle();
    expect(device.running).toBe(OLD);
  });

  it("waits on after a power cut, and fetches nothing again", () => {
    const device = aDevice("no window");
    device.hear(desiredFor(ATTEMPT));
    device.settle();
    device.fetchFails = "DOWNLOAD_FAILED";
    device.powerOn();
    device.settle();
    expect(device.last).toMatchObject({ fwUpdateSubstatus: "waits: no window", outcome: "contacted" });
    device.mayNot = undefined;
    device.settle();
    expect(device.last.outcome).toBe("ok");
  });
});

describe("windows of a device", () => {
  it("are open by its own clocks, summer time and all", async () => {
    expect(await reasonAt({ windows: [NIGHT] }, "2026-07-01T00:30:00Z")).toBeUndefined();
    expect(await reasonAt({ windows: [NIGHT] }, "2026-07-01T02:30:00Z")).toBe(
      "its window opens at 2026-07-02T00:00:00.000Z",
    );
    expect(await reasonAt({ windows: [NIGHT] }, "2026-12-01T00:30:00Z")).toBe(
      "its window opens at 2026-12-01T01:00:00.000Z",
    );
  });

  it("need one that is open, and tell the next when none is", async () => {
    const noon = { cron: "0 12 * * sat", forMs: 3_600_000, timeZone: "UTC" };
    expect(await reasonAt({ windows: [NIGHT, noon] }, "2026-08-01T12:59:59Z")).toBeUndefined();
    expect(await reasonAt({ windows: [NIGHT, noon] }, "2026-08-01T13:00:00Z")).toContain("2026-08-02T00:00");
  });

  it("are never open on a clock that is not set", async () => {
    const always = { cron: "* * * * *", forMs: 3_600_000, timeZone: "UTC" };
    expect(await reasonAt({ windows: [always] }, "1970-01-01T00:10:00Z")).toContain("clock is not set");
  });

  it("that could never open are refused before the first update, all at once", () => {
    const windows = [
      { ...NIGHT, timeZone: "Europe/Atlantis" },
      { ...NIGHT, cron: "0 0 30 2 *" },
      { ...NIGHT, cron: "every night" },
    ];
    expect(() => {
      expectPermission({ windows });
    }).toThrow(
      'Windows of the device: Europe/Atlantis is no time zone of the IANA database; "0 0 30 2 *" never opens; "every night" never opens',
    );
  });

  it("that could never open keep an agent from starting", async () => {
    const starting = startAgent({
      ...{ connectionString: "", stateDirectory: "", healthTimeMs: 0 },
      driver: new Proxy({} as never, {}),
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      permission: { windows: [{ ...NIGHT, forMs: 0 }] },
    });
    await expect(starting).rejects.toThrow('"0 2 * * *" never opens');
  });
});

describe("the owner's consent", () => {
  it("is asked for the update by name", async () => {
    const asked: unknown[] = [];
    const consent = (update: unknown): undefined => void asked.push(update);
    expect(await reasonAt({ consent }, "2026-01-01T00:00:00Z")).toBeUndefined();
    expect(asked).toEqual([ASKED]);
  });

  it("is not given by an error", async () => {
    const consent = (): never => {
      throw new Error("the display is off");
    };
    expect(await reasonAt({ consent }, "2026-01-01T00:00:00Z")).toBe(
      "consent cannot be asked for: the display is off",
    );
  });

  it("stands beside the windows: all reasons are told at once", async () => {
    const permission: Permission = { windows: [NIGHT], consent: () => Promise.resolve("the lift is in use") };
    expect(await reasonAt(permission, "2026-12-01T12:00:00Z")).toBe(
      "its window opens at 2026-12-02T01:00:00.000Z; the lift is in use",
    );
  });
});
