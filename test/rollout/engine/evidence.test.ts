import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { recordSchema } from "../../../rollout/adapters/record-schema.ts";
import { assessEvidence } from "../../../rollout/engine/assess-evidence.ts";
import { evidenceAt, recordedEvidence } from "../../../rollout/engine/evidence-at.ts";
import { canonicalJson } from "../../../rollout/model/digest.ts";
import { evidenceDigest, type RecordedEvidence } from "../../../rollout/model/evidence.ts";
import type { Look, Tally } from "../../../rollout/model/look.ts";
import { anIntent, RELEASE } from "./an-intent.ts";

const HOUR = 3_600_000;
const count = fc.integer({ min: 0, max: 400 });
const tally: fc.Arbitrary<Tally> = fc.record({ ok: count, failed: count, contacted: count });
const view = fc.dictionary(fc.constantFrom("A", "B", "constructor", "late"), tally);
const looks = fc
  .array(fc.record({ views: fc.record({ all: view, wave: view }), answered: count }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((found) =>
    found.map((look, index): Look => ({ ...look, at: (index + 1) * HOUR, wave: index < 2 ? 0 : 1 })),
  );

describe("evidence in a record", () => {
  test.prop([looks, fc.constantFrom("running", "held", "watching" as const)])(
    "read back from JSON gives the verdict that was given, whatever was counted",
    (found, state) => {
      const series = found as [...Look[], Look];
      const intent = anIntent({ state, wave: 1, openedAt: HOUR, targeted: { A: 500, B: 500 } });
      const evidence = evidenceAt({ intent, series, queryLagMs: 5 * 60_000, activeWithinMs: 7 * 86_400_000 });
      const stored = recordedEvidence(evidence, series);
      const read = JSON.parse(canonicalJson(stored)) as RecordedEvidence;
      expect(read).toEqual(stored);
      expect(assessEvidence(read, RELEASE)).toEqual(assessEvidence(evidence, RELEASE));
    },
  );

  test.prop([looks])("passes the strict schema of records, with the verdict beside it", (found) => {
    const series = found as [...Look[], Look];
    const intent = anIntent({ openedAt: HOUR });
    const evidence = evidenceAt({ intent, series, queryLagMs: 0, activeWithinMs: 7 * 86_400_000 });
    const record = {
      schemaVersion: 1,
      product: "thermostat",
      parent: null,
      kind: "promote",
      at: "2026-01-01T00:00:00.000Z",
      actor: "test",
      reason: "r",
      subject: intent.attempt,
      intents: [intent],
      stops: [],
      verdict: assessEvidence(evidence, RELEASE),
      judged: recordedEvidence(evidence, series),
    };
    expect(recordSchema.parse(JSON.parse(canonicalJson(record)))).toEqual(record);
  });
});

describe("the digest of evidence", () => {
  const look = (at: number, ok: number): Look => ({
    at,
    wave: 0,
    views: { all: { A: { ok, failed: 0, contacted: 0 } }, wave: { A: { ok, failed: 0, contacted: 0 } } },
    answered: ok,
  });
  const evidence = (at: number, ok: number, intent = anIntent()): string =>
    evidenceDigest(
      evidenceAt({ intent, series: [look(at, ok)], queryLagMs: 0, activeWithinMs: 7 * 86_400_000 }),
    );

  it("stays while no count moves, however often one looks", () => {
    expect(evidence(HOUR, 5)).toBe(evidence(2 * HOUR, 5));
  });

  it("is another one as soon as one device more is counted, or another attempt or wave", () => {
    const others = [
      evidence(HOUR, 6),
      evidence(HOUR, 5, anIntent({ wave: 1 })),
      evidence(HOUR, 5, anIntent({ attempt: 2 })),
    ];
    expect(new Set([evidence(HOUR, 5), ...others]).size).toBe(4);
  });
});
