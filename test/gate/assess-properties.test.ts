import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import type { StratumCounts } from "../../rollout/model/stratum-counts.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import { aWave, counted, DAY, GATE } from "./a-wave.ts";

const STRATA = ["A", "B", "C", "other", "late"] as const;
const hours = fc.integer({ min: 0, max: 20 * 24 }).map((hour) => hour * 3_600_000);

/** Counts of a stratum as `countsOf` makes them: ok, failed and unresolved devices, and some that left. */
const stratumCounts: fc.Arbitrary<StratumCounts> = fc
  .record({ ok: fc.nat(400), failed: fc.nat(30), unresolved: fc.nat(30), left: fc.nat(5), strays: fc.nat(1) })
  .chain(({ ok, failed, unresolved, left, strays }) =>
    fc
      .nat(unresolved)
      .map((silent) => ({ ok, failed, unresolved, silent, strays, most: ok + failed + unresolved + left })),
  );

/** Mostly good devices, covered and baked: many of the waves should come near a promotion. */
const mostlyWell = fc
  .nat(400)
  .map((ok): StratumCounts => ({ ok, failed: 0, unresolved: 0, silent: 0, strays: 0, most: ok }));

const view = fc.dictionary(
  fc.constantFrom(...STRATA),
  fc.oneof({ weight: 6, arbitrary: mostlyWell }, stratumCounts),
  {
    maxKeys: 5,
    noNullPrototype: true,
  },
);

const someWave: fc.Arbitrary<WaveInput> = fc
  .record({
    own: view,
    all: fc.option(view),
    strata: fc.shuffledSubarray(["A", "B", "C", "other"]),
    proves: fc.func(fc.boolean()),
    kind: fc.constantFrom("smoke" as const, "evidence" as const),
    harmCap: fc.constantFrom(20, 1_000_000),
    contacted: fc.oneof({ weight: 4, arbitrary: fc.constant(100) }, fc.nat(110)),
    nowMs: fc.oneof({ weight: 4, arbitrary: fc.constant(10 * DAY) }, hours),
    bakedSinceMs: fc.oneof({ weight: 4, arbitrary: fc.constant(DAY) }, fc.option(hours, { nil: undefined })),
  })
  .map(({ own, all, strata, proves, kind, harmCap, contacted, nowMs, bakedSinceMs }) =>
    aWave({
      gate: { ...GATE, harmCap },
      counts: counted(own, all ?? own),
      strata,
      proving: strata.filter((stratum) => proves(stratum)),
      thresholds: thresholds({ ...GATE, strata: Math.max(1, strata.length), evidenceWaves: 2 }),
      wave: { name: "w", kind, bakeMs: 3 * DAY },
      coverage: { contacted, targeted: 100 },
      nowMs,
      bakedSinceMs,
    }),
  );

const RANK = { abort: 0, hold: 1, promote: 2 } as const;
const runs = { numRuns: 500 };

describe("every verdict", () => {
  test.prop([someWave], runs)(
    "has reasons that fit its kind, is writable as JSON and the same again",
    (input) => {
      const verdict = assessWave(input);
      const kinds = {
        abort: ["FAILURES", "HARM_CAP"],
        promote: ["PROVEN", "SMOKE_PASSED"],
        hold: ["PATIENCE", "NO_CONTACT", "COVERAGE", "BAKING", "SHORT_OF_EVIDENCE", "CANNOT_PROVE"],
      };
      expect(kinds[verdict.kind]).toContain(verdict.reasons[0]?.code);
      expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      expect(assessWave(input)).toEqual(verdict);
      for (const { text } of verdict.reasons) expect(text).not.toMatch(/NaN|undefined|Infinity/);
    },
  );

  test.prop([someWave], runs)("does not depend on the order of strata", (input) => {
    const reversed = {
      ...input,
      strata: input.strata.toReversed(),
      proving: input.proving.toReversed(),
      counts: {
        wave: new Map([...input.counts.wave].reverse()),
        cumulative: new Map([...input.counts.cumulative].reverse()),
      },
    };
    expect(assessWave(reversed)).toEqual(assessWave(input));
    expect(assessWatched(reversed)).toEqual(assessWatched(input));
  });

  test.prop([someWave, fc.constantFrom(...STRATA), fc.integer({ min: 1, max: 200 })], runs)(
    "gets no better when good devices turn out to have failed",
    (input, stratum, failures) => {
      const worse = withFailures(input, stratum, failures);
      expect(RANK[assessWave(worse).kind]).toBeLessThanOrEqual(RANK[assessWave(input).kind]);
      expect(RANK[assessWatched(worse).kind]).toBeLessThanOrEqual(RANK[assessWatched(input).kind]);
    },
  );

  test.prop([someWave, fc.constantFrom(...STRATA), fc.nat(400)], runs)(
    "does not change for a stop, nor turn to promote, when good devices leave",
    (input, stratum, leaving) => {
      const before = assessWave(input).kind;
      const after = assessWave(
        change(input, stratum, (own) => ({ ...own, ok: Math.max(0, own.ok - leaving) })),
      ).kind;
      expect(after === "abort").toBe(before === "abort");
      if (after === "promote") expect(before).toBe("promote");
    },
  );

  test.prop([someWave, fc.constantFrom("counts", "stratum", "coverage", "bake", "proving")], runs)(
    "is no promotion when something it rests on is absent",
    (input, absent) => {
      const gone = input.proving[0] ?? "A";
      const { counts, coverage } = input;
      const without: Record<typeof absent, Partial<WaveInput>> = {
        counts: { counts: counted({}) },
        stratum: { counts: { ...counts, wave: new Map([...counts.wave].filter(([name]) => name !== gone)) } },
        coverage: { coverage: { ...coverage, contacted: 0 } },
        bake: { bakedSinceMs: undefined },
        proving: { proving: [] },
      };
      const changed = { ...input, ...without[absent] };
      // A smoke wave rests on no stratum; late devices may have been folded into a missing `other`.
      const restsOnIt = input.wave.kind === "evidence" || !["stratum", "proving"].includes(absent);
      if (restsOnIt && !(absent === "stratum" && gone === "other"))
        expect(assessWave(changed).kind).not.toBe("promote");
    },
  );

  test.prop([someWave], runs)(
    "promotes an evidence wave only on evidence in every stratum that can prove",
    (input) => {
      const { kind, guarantee, reasons } = assessWave(input);
      if (kind !== "promote" || input.wave.kind === "smoke") return;
      const proven = reasons.filter(({ code }) => code === "PROVEN");
      expect(guarantee).toBe("statistical");
      expect(proven.map(({ stratum }) => stratum).sort()).toEqual(input.proving.toSorted());
      for (const { evidence, n } of proven) {
        expect(evidence).toBeGreaterThanOrEqual(20);
        expect(n).toBeGreaterThanOrEqual(40);
      }
    },
  );
});

function withFailures(input: WaveInput, stratum: string, failures: number): WaveInput {
  return change(input, stratum, (own) => {
    const moved = Math.min(own.ok, failures);
    return { ...own, ok: own.ok - moved, failed: own.failed + moved };
  });
}

function change(input: WaveInput, stratum: string, by: (own: StratumCounts) => StratumCounts): WaveInput {
  const changed = (counts: ReadonlyMap<string, StratumCounts>): Map<string, StratumCounts> =>
    new Map([...counts].map(([name, own]) => [name, name === stratum ? by(own) : own]));
  return {
    ...input,
    counts: { wave: changed(input.counts.wave), cumulative: changed(input.counts.cumulative) },
  };
}
