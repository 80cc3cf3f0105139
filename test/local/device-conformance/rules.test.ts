import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RULES } from "../../../local/device-conformance/rules.ts";
import { SCENARIOS } from "../../../local/device-conformance/scenarios.ts";
import { VARIABLES } from "../../../local/device-conformance/supply.ts";
import { blockFaults, expectedBucket } from "../../../local/device-conformance/twin-block.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { OUTCOMES, UPDATE_STATUSES } from "../../../rollout/model/twin-contract.ts";
import { BROKEN_DEVICES } from "./broken-devices.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const read = (path: string): Promise<string> => readFile(join(PROJECT, path), "utf8");
/** As it reads, wherever its lines are broken. */
const flowing = (text: string): string => text.replace(/\s+/g, " ");

describe("the rules of the conformance kit", () => {
  it("stand in docs/device.md, word for word", async () => {
    const law = flowing(await read("docs/device.md"));
    expect(RULES.filter((rule) => !law.includes(rule.law))).toEqual([]);
  });

  it("are the table of docs/conformance.md, and its scenarios and variables are the kit's", async () => {
    const page = flowing(await read("docs/conformance.md"));
    const rows = [
      ...RULES.map(({ name, says }, index) => `| ${index + 1} | \`${name}\` | ${says} |`),
      ...SCENARIOS.map(({ name, story }) => `| \`${name}\` | ${story} |`),
      ...Object.entries(VARIABLES).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    ];
    const table = page.replace(/ +\|/g, " |");
    expect(rows.filter((row) => !table.includes(row))).toEqual([]);
  });

  it("have a name of their own each, and a broken device that each of them has to find", () => {
    const names = [...RULES, ...SCENARIOS].map(({ name }) => name);
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
    const found = new Set(BROKEN_DEVICES.map(({ rule }) => rule));
    expect(RULES.filter(({ name }) => !found.has(name))).toEqual([]);
    expect(BROKEN_DEVICES.filter(({ scenario }) => !names.includes(scenario))).toEqual([]);
  });

  it.each(BROKEN_DEVICES)("finds where to break a device that $fault", async ({ edits }) => {
    for (const { file, find } of edits) {
      const source = await read(join("device", file));
      expect(source.split(find), `${file} holds "${find}" once`).toHaveLength(2);
    }
  });
});

describe("what the kit takes for a good block", () => {
  const good: FirmwareReported = {
    currentFwVersion: "1.0.0",
    pendingFwVersion: "",
    fwUpdateStatus: "current",
    fwUpdateSubstatus: "",
    lastFwUpdateStartTime: "2026-01-01T00:00:00Z",
    lastFwUpdateEndTime: "",
    rolloutId: "fw--thermostat--1-0-0--1",
    outcome: "ok",
    contactedAt: 1_767_225_600,
    fromVersion: "0.9.0",
    fwHealth: "healthy",
    errorCode: "",
    bootId: "1",
    bucket: 1,
    fwSource: "",
  };

  it("has the words of the model, all of them", () => {
    for (const fwUpdateStatus of UPDATE_STATUSES)
      expect(
        blockFaults({ ...good, fwUpdateStatus, pendingFwVersion: "1.0.0", outcome: "contacted" }),
      ).toEqual([]);
    for (const outcome of OUTCOMES)
      expect(blockFaults({ ...good, outcome, errorCode: outcome === "failed" ? "HUNG" : "" })).toEqual([]);
  });

  it.each<[what: string, change: object]>([
    ["a field is missing", { bootId: undefined }],
    ["a word is not one of the contract", { fwUpdateStatus: "done" }],
    ["a time is none", { lastFwUpdateEndTime: "yesterday" }],
    ["a failure has no code", { outcome: "failed" }],
    ["something is pending after the end", { pendingFwVersion: "1.0.0" }],
    ["nothing is pending while it downloads", { fwUpdateStatus: "downloading", outcome: "contacted" }],
    ["an outcome is nobody's", { rolloutId: "" }],
    ["the substatus is a novel", { fwUpdateSubstatus: "x".repeat(257) }],
  ])("is not one in which %s", (_, change) => {
    expect(blockFaults({ ...good, ...change })).toHaveLength(1);
  });

  it("has the bucket of the model", () => {
    for (const id of ["a", "conformance-1", "gerät"]) expect(expectedBucket(id)).toBe(bucketOf(id));
  });
});
