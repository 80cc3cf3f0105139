import { describe, expect, it } from "vitest";
import type { Configuration } from "../../../rollout/model/configuration.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { openWaves } from "../../../rollout/plan/open-waves.ts";
import { windowCondition } from "../../../rollout/plan/bucket-window.ts";
import { productCondition } from "../../../rollout/plan/target-condition.ts";

function aConfiguration(changes: Partial<Configuration>): Configuration {
  return {
    id: "fw--thermostat--1-1-0--1",
    labels: { "wg-product": "thermostat", "wg-kind": "release" },
    content: {},
    condition: "",
    priority: 1_000,
    metrics: {},
    etag: "MQ==",
    createdTimeUtc: "2026-01-01T00:00:00.0000000Z",
    metricResults: {},
    ...changes,
  };
}

const EVERYONE = `${productCondition("thermostat")} AND (tags.rollout.ring = 'canary' OR ${windowCondition({ start: 0, width: 1_000_000 })})`;
const STAMPED = `${productCondition("thermostat")} AND ${windowCondition({ start: 0, width: 1_000_000 })}`;
const TENTH = `${productCondition("thermostat")} AND (${windowCondition({ start: 5, width: 100_000 })})`;

function open(configurations: readonly Configuration[], head?: unknown): readonly string[] {
  // The parts of a record that are looked at.
  return openWaves({
    product: "thermostat",
    listing: { configurations },
    head: head as RolloutRecord | undefined,
  });
}

describe("openWaves", () => {
  it.each([
    ["no configuration", []],
    ["an empty one", [aConfiguration({})]],
    ["everyone", [aConfiguration({ condition: EVERYONE })]],
    [
      "everyone who has a bucket",
      [
        aConfiguration({
          condition: `${productCondition("thermostat")} AND (${windowCondition({ start: 0, width: 1_000_000 })})`,
        }),
      ],
    ],
    ["everyone by the product's tag", [aConfiguration({ condition: productCondition("thermostat") })]],
    ["every device", [aConfiguration({ condition: "*" })]],
    ["another product's tenth", [aConfiguration({ labels: { "wg-product": "pump" }, condition: TENTH })]],
    [
      "a foreign one that reads no bucket",
      [aConfiguration({ labels: {}, condition: "tags.product = 'thermostat'" })],
    ],
    [
      "a superseded tenth under one that has everyone",
      [
        aConfiguration({ condition: TENTH }),
        aConfiguration({ id: "new", priority: 1_010, condition: EVERYONE }),
      ],
    ],
  ] as const)("finds nothing open in %s", (_, configurations) => {
    expect(open(configurations)).toEqual([]);
  });

  it.each([
    ["a tenth", [aConfiguration({ condition: TENTH })]],
    [
      "a ring",
      [aConfiguration({ condition: `${productCondition("thermostat")} AND (tags.rollout.ring = 'canary')` })],
    ],
    [
      "a tenth over one that has everyone",
      [
        aConfiguration({ id: "old", condition: EVERYONE }),
        aConfiguration({ priority: 1_010, condition: TENTH }),
      ],
    ],
    [
      "a foreign one that reads buckets",
      [
        aConfiguration({ labels: {}, condition: STAMPED + " AND deviceId != 'x'" }),
        aConfiguration({
          id: "f",
          labels: {},
          condition: `tags.product = 'thermostat' AND tags.rollout.bucket < 7`,
        }),
      ],
    ],
  ] as const)("finds %s open", (_, configurations) => {
    expect(open(configurations)).not.toEqual([]);
  });

  const waves = [{ name: "canary" }, { name: "everyone" }];
  it.each([
    ["running", 0, true],
    ["held", 0, true],
    ["running", 1, false],
    ["watching", 1, false],
    ["superseded", 0, false],
    ["rolled back", 0, false],
  ] as const)("of a release that is %s at wave %i says %s", (state, wave, isOpen) => {
    const found = open([], { intents: [{ state, wave, version: "1.1.0", release: { waves } }] });
    expect(found.length > 0).toBe(isOpen);
    if (isOpen) expect(found[0]).toContain("1.1.0 is " + state + ' at wave "canary" (1 of 2)');
  });
});
