import { describe, expect, it } from "vitest";
import { fateOf, type SimulatedBoard } from "../../../local/fleet/fate.ts";
import type { FaultRule, StratumProfile } from "../../../local/fleet/profile.ts";

const COUNT = 20_000;
const NEW = { version: "2.1.0", isFactory: false };

function aBoard(index = 0, change: Partial<SimulatedBoard> = {}): SimulatedBoard {
  return { deviceId: `d-${index}`, stratum: "field", revision: "A", sensorLot: 1, ...change };
}

function fatesOf(profile: StratumProfile, seed = 1, count = COUNT): ReturnType<typeof fateOf>[] {
  const strata = { field: profile };
  return Array.from({ length: count }, (_, index) => fateOf({ seed, strata }, aBoard(index)));
}

function withFaults(...faults: FaultRule[]): StratumProfile {
  return { faults };
}

/** Within four standard errors of what is expected of so many draws. */
function expectShare(count: number, share: number): void {
  expect(Math.abs(count / COUNT - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / COUNT));
}

describe("the fate of a device", () => {
  it("is the same in every run, and another with another seed, id or version", () => {
    const profile = withFaults({ fault: "bricks", share: 0.5 });
    const struck = (seed: number, version = "2.1.0"): boolean[] =>
      fatesOf(profile, seed, 200).map((fate) => fate.faultOf({ version, isFactory: false }) === "bricks");
    expect(struck(1)).toEqual(struck(1));
    expect(struck(1)).not.toEqual(struck(2));
    expect(struck(1)).not.toEqual(struck(1, "2.2.0"));
    // From one release of the simulator to the next: written down once.
    expect(struck(1).slice(0, 8).map(Number).join("")).toBe("10011111");
  });

  it("strikes the declared shares of devices, and each by one fault at most", () => {
    const counts = new Map<string | undefined, number>();
    for (const fate of fatesOf(
      withFaults(
        { fault: "bricks", share: 0.02 },
        { fault: "hangs", share: 0.3 },
        { fault: "flaps", share: 0.1 },
      ),
    )) {
      const fault = fate.faultOf(NEW);
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
    }
    expectShare(counts.get("bricks") ?? 0, 0.02);
    expectShare(counts.get("hangs") ?? 0, 0.3);
    expectShare(counts.get("flaps") ?? 0, 0.1);
  });

  it("keeps to the versions, boards and strata that are named", () => {
    const always = { fault: "bricks", share: 1 } as const;
    const of = (rule: FaultRule, board = aBoard(), image = NEW): string | undefined =>
      fateOf({ seed: 1, strata: { field: withFaults(rule) } }, board).faultOf(image);
    expect(of({ ...always, versions: ["2.1.0"] })).toBe("bricks");
    expect(of({ ...always, versions: ["2.2.0"] })).toBeUndefined();
    expect(of({ ...always, revisions: ["B"] })).toBeUndefined();
    expect(of({ ...always, revisions: ["B"] }, aBoard(0, { revision: "B" }))).toBe("bricks");
    expect(of({ ...always, sensorLots: [7] })).toBeUndefined();
    expect(of({ ...always, sensorLots: [7] }, aBoard(0, { sensorLot: 7 }))).toBe("bricks");
    expect(of(always, aBoard(0, { stratum: "lab" }))).toBeUndefined();
    expect(of(always, aBoard(0, { stratum: undefined }))).toBeUndefined();
  });

  it("leaves the image alone that a device was born with, unless that is named", () => {
    const born = { version: "1.0.0", isFactory: true };
    const fate = (rule: FaultRule): ReturnType<typeof fateOf> =>
      fateOf({ seed: 1, strata: { field: withFaults(rule) } }, aBoard());
    expect(fate({ fault: "flaps", share: 1 }).faultOf(born)).toBeUndefined();
    expect(fate({ fault: "flaps", share: 1, versions: ["1.0.0"] }).faultOf(born)).toBe("flaps");
  });

  it("deals out connectivity by its shares, and speeds evenly over their range", () => {
    const fates = fatesOf({
      connectivity: { daily: 0.2, dead: 0.05, "always-on": 0.75 },
      installSeconds: [10, 20],
      bootSeconds: 3,
    });
    const count = (name: string): number => fates.filter(({ connectivity }) => connectivity === name).length;
    expectShare(count("daily"), 0.2);
    expectShare(count("dead"), 0.05);
    expect(count("daily") + count("dead") + count("always-on")).toBe(COUNT);
    const installs = fates.map(({ installMs }) => installMs);
    expect(Math.min(...installs)).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...installs)).toBeLessThan(20_000);
    expectShare(installs.filter((ms) => ms < 12_500).length, 0.25);
    expect(fates[0]).toMatchObject({ bootMs: 3_000, downloadBytesPerSecond: undefined });
  });

  it("is an ideal one without a profile", () => {
    const fate = fateOf({ seed: 1, strata: {} }, aBoard());
    expect(fate).toMatchObject({ connectivity: "always-on", installMs: 0, bootMs: 0 });
    expect(fate.faultOf(NEW)).toBeUndefined();
  });
});
