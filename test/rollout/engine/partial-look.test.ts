import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { judge } from "../../../rollout/engine/judge.ts";
import { abortEvidence } from "../../../rollout/gate/abort-evidence.ts";
import { countsOf } from "../../../rollout/gate/counts.ts";
import { harmCapReason } from "../../../rollout/gate/harm-cap.ts";
import { partialCounts } from "../../../rollout/gate/partial-counts.ts";
import type { Look, Tally } from "../../../rollout/model/look.ts";
import type { Answer } from "../../../rollout/model/question.ts";
import { thresholdsOf } from "../../../rollout/engine/evidence-at.ts";
import { anIntent, anObservation, RELEASE } from "./an-intent.ts";

const HOUR = 3_600_000;
const LAG = 0;
type View = Readonly<Record<string, Tally>>;

const tally = fc.record({ ok: fc.nat(40), failed: fc.nat(12), contacted: fc.nat(20) });
const view: fc.Arbitrary<View> = fc.dictionary(fc.constantFrom("A", "B", "late"), tally);
/** Two hubs at one look: both views of each. */
const twoHubs = fc.tuple(view, view);
const series = fc.array(twoHubs, { minLength: 1, maxLength: 5 });

function sum(one: View, other: View): View {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [a, b] = [one[name], other[name]];
      return [
        name,
        {
          ok: (a?.ok ?? 0) + (b?.ok ?? 0),
          failed: (a?.failed ?? 0) + (b?.failed ?? 0),
          contacted: (a?.contacted ?? 0) + (b?.contacted ?? 0),
        },
      ];
    }),
  );
}

function aLook(index: number, all: View): Look {
  return { at: (index + 1) * HOUR, wave: 1, views: { all, wave: all }, answered: 0 };
}

/** Everyone who may be in contact is aimed at: no stratum holds more than 40 + 12 + 20 devices a hub. */
const TARGETED = { A: 144, B: 144, late: 144 };
const intent = anIntent({ wave: 1, openedAt: 0, targeted: TARGETED, added: TARGETED });

function judgedOn(
  stored: readonly Look[],
  at: number,
  answers: (view: "all" | "wave") => Answer,
): ReturnType<typeof judge> {
  const asked = judge(anObservation({ intent, stored, at, answers: new Map() })).questions;
  expect(asked).toHaveLength(2);
  const known = new Map(asked.map(({ id }) => [id, answers(id.includes("contactedAt") ? "wave" : "all")]));
  return judge(anObservation({ intent, stored, at, answers: known }));
}

describe("a partial look", () => {
  test.prop([series, fc.constantFrom("hub b", "wave view", "all view")])(
    "never promotes, is no part of the series, and speaks no louder against a release than the whole would",
    (found, missing) => {
      const looks = found.map(([a, b], index) => aLook(index, sum(a, b)));
      const stored = looks.slice(0, -1);
      const [a, b] = found.at(-1) ?? [{}, {}];
      const at = looks.length * HOUR;
      const whole = judgedOn(stored, at, () => ({ kind: "tally", byStratum: sum(a, b) })).judgements[0];
      const part = judgedOn(stored, at, (name): Answer => {
        if (missing === "hub b") return { kind: "tally", byStratum: a, missing: ["hub b"] };
        if (missing === `${name} view`) return { kind: "failed", reason: "HUB_FAILED: 500" };
        return { kind: "tally", byStratum: sum(a, b) };
      }).judgements[0];
      if (whole?.kind !== "judged" || part?.kind !== "partial") throw new Error("judged otherwise");
      expect(part.verdict.kind).not.toBe("promote");
      if (part.verdict.kind === "abort") expect(whole.verdict.kind).toBe("abort");

      // The evidence itself, stratum by stratum, also where it reaches no threshold.
      const { gate } = RELEASE;
      const { strata } = intent;
      const thresholds = thresholdsOf(RELEASE, strata.length);
      const counted = (look: Look): ReturnType<typeof countsOf> =>
        countsOf({ looks: [...stored, look], deadlineMs: gate.deadlineMs, queryLagMs: LAG });
      const [full, partial] = [counted(whole.look), partialCounts(counted(part.look), TARGETED)];
      const evidence = (counts: typeof full): Map<string, number> =>
        new Map(
          abortEvidence({ gate, counts, strata, thresholds }, ["cumulative", "wave"]).map(
            ({ stratum, view, logE }) => [`${stratum} ${view}`, logE],
          ),
        );
      const ofWhole = evidence(full);
      for (const [place, logE] of evidence(partial)) {
        // A stratum that the whole look has nobody of has no evidence: that of nothing is 1, its logarithm 0.
        expect(logE).toBeLessThanOrEqual((ofWhole.get(place) ?? 0) + 1e-9);
      }
      expect(harmCapReason({ gate, counts: partial })?.k ?? 0).toBeLessThanOrEqual(
        harmCapReason({ gate, counts: full })?.k ?? 0,
      );
    },
  );

  it("may stop a release by what was counted, and says what is missing when it does not", () => {
    const failed = { A: { ok: 0, failed: 60, contacted: 0 } };
    const [bad] = judgedOn([], HOUR, () => ({
      kind: "tally",
      byStratum: failed,
      missing: ["west"],
    })).judgements;
    expect(bad).toMatchObject({ kind: "partial", verdict: { kind: "abort" } });
    const well = { A: { ok: 60, failed: 0, contacted: 0 } };
    const [good] = judgedOn([], HOUR, () => ({
      kind: "tally",
      byStratum: well,
      missing: ["west"],
    })).judgements;
    expect(good).toMatchObject({
      kind: "partial",
      reason: "no answer of west (all contacts), west (contacts of this wave)",
      verdict: { kind: "hold", reasons: [{ code: "INCOMPLETE" }, { code: "SHORT_OF_EVIDENCE" }] },
    });
  });

  it("does not take the devices of a hub that fell out for silent ones", () => {
    const stored = [aLook(0, { A: { ok: 0, failed: 0, contacted: 120 } })];
    const [judged] = judgedOn(stored, 9 * HOUR, () => ({
      kind: "tally",
      byStratum: { A: { ok: 10, failed: 0, contacted: 60 } },
      missing: ["west"],
    })).judgements;
    expect(judged).toMatchObject({ kind: "partial", verdict: { kind: "hold" } });
  });

  it("of which nothing at all was answered is no look", () => {
    const [judged] = judgedOn([], HOUR, () => ({ kind: "failed", reason: "HUB_THROTTLED: 429" })).judgements;
    expect(judged).toMatchObject({ kind: "unanswered", reason: "HUB_THROTTLED: 429" });
  });
});
