import { describe, expect, it } from "vitest";
import { digestOfRelease, parseRelease } from "../../../rollout/model/release.ts";
import { percent, ring, type ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

const good = aRelease("1.1.0");

function codes(change: Partial<Record<keyof ReleaseDeclaration, unknown>>): string[] {
  return parseRelease({ ...good, ...change }, "r.ts").problems.map(
    ({ path, summary }) => `${path.replace("r.ts: ", "")}: ${summary}`,
  );
}

describe("a release declaration", () => {
  it("has one digest, however its durations and keys are written", () => {
    const again = {
      watch: "24 hours",
      waves: good.waves,
      gate: { ...good.gate, deadline: "180 minutes" },
      artifact: good.artifact,
      version: "1.1.0",
      product: "thermostat",
    };
    const [one, two] = [parseRelease(good, "a.ts").release, parseRelease(again, "b.ts").release];
    expect(one).toBeDefined();
    expect(one && digestOfRelease(one)).toBe(two && digestOfRelease(two));
  });

  it("names its image without a query, which could be a key for everybody", () => {
    const artifact = { ...good.artifact, path: `${good.artifact.path}?sig=abc` };
    expect(codes({ artifact })).toEqual([
      "artifact.path: a path has no query: a key in it would reach every device, for good",
    ]);
  });

  it("may give strata a deadline of their own, and is the same as ever where none has one", () => {
    const gateWith = (deadline: unknown, bake = "3.5 hours"): ReturnType<typeof parseRelease> =>
      parseRelease({ ...good, gate: { ...good.gate, deadline, bake } }, "r.ts");
    const plain = gateWith("3 hours").release;
    expect(plain?.gate).not.toHaveProperty("deadlineMsByStratum");
    expect(gateWith({ default: "3 hours", strata: {} }).release).toEqual(plain);
    const own = { default: "3 hours", strata: { weekly: "10 days" } };
    expect(gateWith(own, "11 days").release?.gate).toMatchObject({
      deadlineMs: 3 * 3_600_000,
      deadlineMsByStratum: { weekly: 10 * 86_400_000 },
    });
    expect(gateWith(own, "9 days").problems).toMatchObject([
      { path: "r.ts: gate.bake", summary: expect.stringContaining("the longest of its strata") as string },
    ]);
  });

  it.each([
    [{ deadline: "soon" }, 'r.ts: gate.deadline: "soon" is no duration'],
    [{ deadline: 7 }, "r.ts: gate.deadline: Invalid input: expected string"],
    [{ deadline: { strata: {} } }, "r.ts: gate.deadline.default: Invalid input: expected string"],
    [
      { deadline: { default: "1 hour", strata: { A: "soon" } } },
      'r.ts: gate.deadline.strata.A: "soon" is no duration',
    ],
    [
      { deadline: { default: "1 hour", stratum: {} } },
      'r.ts: gate.deadline.stratum: "stratum" is no setting',
    ],
    [{ deadline: undefined }, "r.ts: gate.deadline: Invalid input"],
  ])("says what is wrong with a deadline: %j", (change, problem) => {
    const { problems } = parseRelease({ ...good, gate: { ...good.gate, ...change } }, "r.ts");
    expect(problems.map(({ path, summary }) => `${path}: ${summary}`).join("\n")).toContain(problem);
  });

  it.each([
    ["a version with build metadata", { version: "1.1.0+7" }, /semantic version/],
    ["no wave", { waves: [] }, /waves/],
    [
      "a last wave short of everyone",
      { waves: [{ name: "half", cohort: percent(50) }] },
      /last wave must be percent\(100\)/,
    ],
    [
      "a wave narrower than the one before",
      {
        waves: [
          { name: "a", cohort: percent(50) },
          { name: "b", cohort: percent(10) },
          { name: "c", cohort: percent(100) },
        ],
      },
      /wider than the one before/,
    ],
    [
      "a ring that is not the first wave",
      {
        waves: [
          { name: "a", cohort: percent(50) },
          { name: "b", cohort: ring("x") },
          { name: "c", cohort: percent(100) },
        ],
      },
      /ring can only be the first/,
    ],
    [
      "two waves of one name",
      {
        waves: [
          { name: "a", cohort: percent(50) },
          { name: "a", cohort: percent(100) },
        ],
      },
      /called "a" too/,
    ],
    [
      "a ring that would end its quotes",
      {
        waves: [
          { name: "a", cohort: ring("x' OR 1=1") },
          { name: "c", cohort: percent(100) },
        ],
      },
      /ring names/,
    ],
    [
      "a wave that bakes shorter than the deadline",
      { waves: [{ name: "c", cohort: percent(100), bake: "1 hour" }] },
      /at least the gate's deadline/,
    ],
    ["no time to answer", { gate: { ...good.gate, deadline: "0 hours" } }, /deadline: must be above 0/],
    ["a bake shorter than the deadline", { gate: { ...good.gate, bake: "1 hour" } }, /at least the deadline/],
    ["a gate that rejects what it tolerates", { gate: { ...good.gate, reject: "2%" } }, /above `tolerate`/],
    ["a percentage that is none", { gate: { ...good.gate, tolerate: "two" } }, /no percentage/],
    ["a duration that is none", { watch: "soon" }, /no duration/],
    ["a duration that leads to no date", { watch: "100000000 days" }, /longer than a hundred years/],
    ["a duration that is no finite number", { watch: `${"9".repeat(400)} days` }, /longer than a hundred/],
    [
      "an image named otherwise than by its digest",
      { artifact: { ...good.artifact, path: "latest.bin" } },
      /must hold the digest/,
    ],
    [
      "a window whose cron is none",
      { windows: [{ cron: "0 25 * * *", for: "2 hours" }] },
      /windows\[0\]\.cron: "25" is no hour/,
    ],
    [
      "a window in a time zone that is none",
      { windows: [{ cron: "0 22 * * *", for: "2 hours", timeZone: "Europe/Bärlin" }] },
      /windows\[0\]\.timeZone: "Europe\/Bärlin" is no time zone/,
    ],
    ["an instant without its zone", { startAt: "2026-12-20T08:00:00" }, /with its zone/],
    [
      "an end before its start",
      { startAt: "2026-12-20T08:00:00Z", expiresAt: "2026-12-20T08:00:00Z" },
      /after `startAt`/,
    ],
    ["a misspelt key", { wacth: "1 day" } as never, /no setting known here/],
  ])("with %s is refused, and says where", (_, change, expected) => {
    expect(codes(change).join("\n")).toMatch(expected);
  });

  it("tells every problem at once", () => {
    expect(codes({ version: "x", product: "Thermo Stat", watch: "soon" })).toHaveLength(3);
  });
});
