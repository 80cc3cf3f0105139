import { describe, expect, it } from "vitest";
import { playExample } from "../support/example.ts";

const LAB_FIELDS = {
  fwVersion: "1.0.1",
  fwPackageURI: "https://MyPackage.uri",
  fwPackageCheckValue: "1234",
};

/** Lines of the story that begin so, without what comes before. */
function linesOf(lines: readonly string[], kind: string): readonly string[] {
  return lines.flatMap((line) => (line.startsWith(`  ${kind} `) ? [line.slice(10)] : []));
}

describe("Microsoft's firmware lab", () => {
  it("is played by hand and by wavegate, and the hub says the same", { timeout: 240_000 }, async () => {
    await using played = await playExample("single-device");
    const { lines } = played;
    const [hub] = played.hubs;

    // By hand: what stands in the twin, and every report that the hub took.
    const ups = linesOf(lines, "up").slice(0, 10);
    expect(ups).toEqual([
      "current runs 1.0.0",
      "current pending 1.0.1",
      ...[0, 25, 50, 75, 100].map((percent) => `downloading ${percent}%`),
      ...["verifying", "applying", "rebooting"],
    ]);
    const [asked] = linesOf(lines, "down");
    expect(asked).toBe(
      Object.entries(LAB_FIELDS)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    );
    expect(linesOf(lines, "portal")).toContain("firmwareupdate: targeted 1, applied 1, fwupdated 1");

    // By wavegate: the hub's own word for what is left.
    const twins = new Map((await hub!.firmware()).map((twin) => [twin.deviceId, twin]));
    expect([...twins.keys()].sort()).toEqual(
      ["0155", "0156", "0157", "0158"].map((number) => `sensor-th-${number}`),
    );
    for (const { desired, reported } of twins.values()) {
      expect(desired).toMatchObject({ fwVersion: "1.1.0", rolloutId: "fw--thermostat--1-1-0--1" });
      expect(Object.keys(desired)).toEqual(expect.arrayContaining(Object.keys(LAB_FIELDS)));
      expect(reported).toMatchObject({ currentFwVersion: "1.1.0", pendingFwVersion: "", outcome: "ok" });
      expect(reported.fwUpdateStatus).toBe("current");
    }
    const conditions = await hub!.conditions();
    expect(Object.keys(conditions).sort()).toEqual([
      ...["1-0-0", "1-1-0", "1-2-0"].map((version) => `fw--thermostat--${version}--1`),
      "wg--thermostat",
    ]);
    expect(conditions["fw--thermostat--1-2-0--1"]).toBe("");
    // The lab's report of a failure is a word; the attempt's own is latched in the records.
    expect(linesOf(lines, "up")).toContain("rolledback runs 1.1.0 failed SELF_TEST_FAILED");
  });
});
