import { beforeAll, describe, expect, it } from "vitest";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { sha256Hex } from "../../../rollout/model/digest.ts";
import { isRolledOut, type Override, type RolloutRecord } from "../../../rollout/model/record.ts";
import type { StoreContents } from "../../../rollout/model/store-contents.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { HOUR, rest } from "../reconcile/in-canary.ts";
import { seenEvidence, STRICT, stuck } from "../reconcile/stuck-wave.ts";
import { forged } from "./forged-store.ts";

let honest: StoreContents;
beforeAll(async () => {
  const world = await stuck();
  const override = {
    ...{ product: "thermostat", version: "1.1.0", wave: "canary", reason: "in a drawer" },
    ...{ evidence: await seenEvidence(world), until: world.now() + 2 * HOUR },
  };
  const product: Declared = { ...STRICT, overrides: [{ override, file: "overrides/canary.ts" }] };
  await rest(world, product);
  honest = readStored(await world.ports.records.contents("thermostat"));
});

/** What verify says when records of one kind, and all above them, were written anew. */
function found(
  kind: RolloutRecord["kind"],
  change: (overrides: readonly Override[], record: RolloutRecord) => readonly Override[] | "no evidence",
): string {
  const store = forged(honest, (record) => (record.kind === kind ? changed(record, change) : record));
  return verifyStore(store)
    .problems.filter(({ severity }) => severity === "error")
    .map(({ path, summary }) => `${path}: ${summary}`)
    .join("\n");
}

function changed(record: RolloutRecord, change: Parameters<typeof found>[1]): RolloutRecord {
  const intent = record.intents.find(isRolledOut);
  const overrides = change(intent?.overrides ?? [], record);
  if (overrides === "no evidence") {
    const { judged, verdict, ...rest } = record;
    expect([judged?.attempt, verdict?.kind]).toEqual([record.subject, "hold"]);
    return rest;
  }
  return {
    ...record,
    intents: record.intents.map((one) => (isRolledOut(one) ? { ...one, overrides } : one)),
  };
}

describe("the record of an override that a file declared", () => {
  it("is verified, and lets the wave on", () => {
    expect(found("override", (all) => all)).toBe("");
    expect([...honest.records.values()].map(({ kind }) => kind).slice(-2)).toEqual(["override", "promote"]);
  });

  it.each<[string, RegExp, Parameters<typeof found>]>([
    [
      "of another actor",
      /has another actor or reason than its record/,
      ["override", (all) => all.map((one) => ({ ...one, actor: "mallory" }))],
    ],
    [
      "of another file",
      /has another actor or reason than its record/,
      [
        "override",
        (all) => all.map((one) => ({ ...one, file: { name: "other.ts", digest: sha256Hex("x") } })),
      ],
    ],
    [
      "on counts that nobody saw",
      /is of other counts than its record holds/,
      ["override", (all) => all.map((one) => ({ ...one, evidence: sha256Hex("x") }))],
    ],
    [
      "of a wave that was not open",
      /is of wave "half", which was not open/,
      ["override", (all) => all.map((one) => ({ ...one, wave: "half" }))],
    ],
    [
      "that was over when it was made",
      /is of another time than its record/,
      ["override", (all) => all.map((one) => ({ ...one, until: one.at }))],
    ],
    ["without evidence", /holds no evidence to judge by/, ["override", () => "no evidence"]],
    ["that is none", /holds 0 of them, and not one/, ["override", () => []]],
    ["twice at once", /holds 2 of them, and not one/, ["override", (all) => [...all, ...all]]],
    [
      "that came by another record",
      /overrides a gate of fw--thermostat--1-1-0--1, and is no record of that/,
      ["start", (_, { at }) => [aForgedOverride(Date.parse(at))]],
    ],
    [
      "that was made longer later",
      /changes the overrides that fw--thermostat--1-1-0--1 had/,
      ["promote", (all) => all.map((one) => ({ ...one, until: one.until + HOUR }))],
    ],
    [
      "that was taken out of the history later",
      /changes the overrides that fw--thermostat--1-1-0--1 had/,
      ["promote", () => []],
    ],
  ])("%s is found as a forgery", (_, pattern, forgery) => {
    expect(found(...forgery)).toMatch(pattern);
  });
});

function aForgedOverride(at: number): Override {
  return { wave: "canary", evidence: sha256Hex("x"), actor: "mallory", reason: "x", at, until: at + HOUR };
}
