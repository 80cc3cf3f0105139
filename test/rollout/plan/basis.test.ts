import { describe, expect, it } from "vitest";
import type { Configuration } from "../../../rollout/model/configuration.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import { basisChanges, basisOf, type PlanBasis } from "../../../rollout/plan/basis.ts";
import { movedCounts, waveCounts } from "../../../rollout/plan/moved-counts.ts";
import { aRelease, declared } from "../../support/declarations.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const HEAD = digestOf("head");
const OURS: Configuration = {
  id: "fw--thermostat--1-1-0--1",
  labels: { "wg-kind": "release", "wg-product": "thermostat" },
  content: { "properties.desired.firmware": { fwVersion: "1.1.0" } },
  condition: "tags.product = 'thermostat'",
  priority: 1_010,
  metrics: {},
  etag: "1",
  createdTimeUtc: "2026-01-01T00:00:00Z",
  metricResults: { applied: 3 },
};
const REF: Configuration = {
  ...OURS,
  id: "wg--thermostat",
  labels: { "wg-kind": "ref", "wg-product": "thermostat", "wg-head": HEAD },
  condition: "",
};
const FOREIGN: Configuration = {
  ...OURS,
  id: "theirs",
  labels: {},
  content: { "properties.desired": { firmware: {} } },
};

function basis(configurations: readonly Configuration[], product = declared(aRelease("1.1.0"))): PlanBasis {
  const hubs = [{ name: "a", listing: { configurations } }];
  return basisOf(product, { hubs, intents: [], at: NOW }, undefined);
}

describe("what a plan stands on", () => {
  const before = basis([REF, OURS, FOREIGN]);

  it.each<[string, readonly Configuration[], readonly string[]]>([
    ["nothing", [REF, OURS, FOREIGN], []],
    ["the order of a listing", [FOREIGN, OURS, REF], []],
    [
      "etags, metrics and labels of a configuration",
      [REF, { ...OURS, etag: "2", metricResults: {}, labels: { ...OURS.labels, "wg-doc": "x" } }, FOREIGN],
      [],
    ],
    [
      "another product's release",
      [
        REF,
        OURS,
        FOREIGN,
        { ...OURS, id: "fw--press--1-0-0--1", labels: { "wg-kind": "release", "wg-product": "press" } },
      ],
      [],
    ],
    [
      "a configuration of others elsewhere",
      [REF, OURS, FOREIGN, { ...FOREIGN, id: "t", content: { "properties.desired.t": 1 } }],
      [],
    ],
    [
      "the head record",
      [{ ...REF, labels: { ...REF.labels, "wg-head": digestOf("next") } }, OURS, FOREIGN],
      ["the head record on a"],
    ],
    [
      "a condition and a priority",
      [REF, { ...OURS, condition: "", priority: 7 }, FOREIGN],
      ["configuration fw--thermostat--1-1-0--1 on a: condition and priority"],
    ],
    [
      "the content under an old name",
      [REF, { ...OURS, content: { "properties.desired.firmware": { fwVersion: "6.6.6" } } }, FOREIGN],
      ["configuration fw--thermostat--1-1-0--1 on a: content"],
    ],
    ["a release that is gone", [REF, FOREIGN], ["configuration fw--thermostat--1-1-0--1 on a: gone"]],
    ["others on our path", [REF, OURS], ["configuration theirs on a: gone"]],
    [
      "others who reach somebody else",
      [REF, OURS, { ...FOREIGN, condition: "*" }],
      ["configuration theirs on a: condition"],
    ],
  ])("%s", (_, configurations, changes) => {
    const now = basis(configurations);
    expect(basisChanges(before, now, NOW)).toEqual(changes);
    expect(digestOf(now) === digestOf(before)).toBe(changes.length === 0);
  });

  it("release files, by version", () => {
    const now = basis(
      [REF, OURS, FOREIGN],
      declared(aRelease("1.1.0", { watch: "2 days" }), aRelease("1.2.0")),
    );
    expect(basisChanges(before, now, NOW)).toEqual([
      "the file of thermostat 1.1.0",
      "the file of thermostat 1.2.0 (new)",
    ]);
  });
});

describe("counts that moved", () => {
  it.each([
    [100, 120, false],
    [100, 121, true],
    [100, 80, false],
    [100, 79, true],
    [0, 0, false],
    [0, 1, true],
  ])("from %i to %i devices: told %s", (was, is, isTold) => {
    const of = (devices: number): ReturnType<typeof waveCounts> =>
      waveCounts({ release: { waves: [{ name: "w", devices: { A: devices } }] } });
    expect(movedCounts(of(was), of(is))).toHaveLength(isTold ? 1 : 0);
  });
});
