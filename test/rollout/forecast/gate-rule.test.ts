import { describe, expect, it } from "vitest";
import { abortTable, promoteTable } from "../../../rollout/forecast/boundary-table.ts";
import { gateRule } from "../../../rollout/forecast/gate-rule.ts";
import { nextChance, streamOf } from "../../../rollout/forecast/random/stream.ts";
import type { RuleCounts } from "../../../rollout/forecast/stop-rule.ts";
import { abortBoundary } from "../../../rollout/gate/abort-boundary.ts";
import { assessWatched, assessWave } from "../../../rollout/gate/assess.ts";
import { priorOf } from "../../../rollout/gate/prior.ts";
import { promoteBoundary } from "../../../rollout/gate/promote-boundary.ts";
import { strataThatCanProve } from "../../../rollout/gate/proving-strata.ts";
import { slowDownReason } from "../../../rollout/gate/slow-down.ts";
import { thresholdsOf } from "../../../rollout/engine/evidence-at.ts";
import { bakeNeededMs } from "../../../rollout/engine/assess-evidence.ts";
import type { StratumCounts } from "../../../rollout/model/stratum-counts.ts";
import type { View } from "../../../rollout/model/verdict.ts";
import { aRollout, aWave, HOUR } from "./a-rollout.ts";

const SEED = 4;

describe("boundary tables", () => {
  it("say what the gate's own boundaries say, device by device", () => {
    for (const [tolerate, reject, level] of [
      [0.01, 0.05, 20],
      [0.02, 0.1, 160],
    ] as const) {
      const prior = priorOf({ reject });
      const stops = abortTable({ tolerate, reject, threshold: level });
      const proves = promoteTable({ reject, threshold: level });
      for (let n = 1; n <= 900; n += n < 60 ? 1 : 37) {
        const stopFrom = abortBoundary({ n, p0: tolerate, alpha: 1 / level, ...prior });
        const passUpTo = promoteBoundary({ n, p1: reject, beta: 1 / level, ...prior });
        for (let k = 0; k <= Math.min(n, 70); k++) {
          expect(stops.reaches(k, n), `abort ${k} of ${n}`).toBe(k >= stopFrom);
          expect(proves.reaches(k, n), `promote ${k} of ${n}`).toBe(k <= passUpTo);
          const safe = stops.safeUpTo(k, n);
          if (safe >= 0) expect(safe).toBeLessThan(stopFrom);
        }
      }
    }
  });
});

/** Counts of two strata in two views, of which the wave's are part of all. */
interface Drawn {
  readonly cumulative: readonly StratumCounts[];
  readonly wave: readonly StratumCounts[];
}

const MODEL = aRollout({
  waves: [
    aWave(0.02, { kind: "smoke" }),
    aWave(0.2, { pace: { parts: 2, everyMs: HOUR } }),
    aWave(0.5, { kind: "timed" }),
    aWave(1),
  ],
  gate: { harmCap: 60 },
});

describe(`the gate as a rule, on 6,000 random looks (seed ${SEED})`, () => {
  it("decides what the gate decides, and lets parts open when the gate does", () => {
    const random = streamOf(SEED);
    const below = (limit: number): number => Math.floor(nextChance(random) * limit);
    const judge = gateRule.judgeOf({
      ...MODEL,
      lookMs: MODEL.timing.lookMs,
      queryLagMs: MODEL.timing.queryLagMs,
    });
    const heard = new Map<string, number>();
    for (let round = 0; round < 6_000; round++) {
      const rate = [0, 0.005, 0.03, 0.15][below(4)]!;
      const drawn = drawCounts(below, rate);
      const wave = below(5);
      const active = { cumulative: below(1_800), wave: below(700) };
      const openFor = below(40);
      judge.reset();
      const counts = countsOfLook({ drawn, active, wave, look: openFor, lookMs: MODEL.timing.lookMs });
      // The look that covered the wave comes first, and starts its bake.
      const coveredSince = below(20);
      const earlier = countsOfLook({
        drawn: { cumulative: drawn.cumulative.map(unharmed), wave: drawn.wave.map(unharmed) },
        active,
        wave,
        look: Math.max(0, openFor - coveredSince),
        lookMs: MODEL.timing.lookMs,
      });
      judge.at(earlier);
      const expected = verdictOf({ drawn, active, wave, openFor, coveredSince });
      const verdict = judge.at(counts);
      const said = verdict === "go" ? "promote" : verdict === "stop" ? "abort" : "hold";
      expect(said, JSON.stringify({ drawn, wave, active, openFor, coveredSince })).toBe(expected.kind);
      heard.set(`${wave} ${said}`, (heard.get(`${wave} ${said}`) ?? 0) + 1);
      if (said === "hold" && wave < 4) expect(judge.mayOpenPart?.(counts)).toBe(!expected.isSlowed);
    }
    // Every kind of wave was let on, held and stopped; a release that is watched is held or stopped.
    for (const wave of [0, 1, 2, 3])
      for (const said of ["promote", "hold", "abort"])
        expect(heard.get(`${wave} ${said}`), `${wave} ${said}`).toBeGreaterThan(10);
    expect(heard.get("4 abort")).toBeGreaterThan(20);
  });
});

function drawCounts(below: (limit: number) => number, rate: number): Drawn {
  const one = (most: number): StratumCounts => {
    const n = below(most);
    const spread = (share: number): number => Math.min(n, below(2 * Math.ceil(n * share) + 2));
    const failed = spread(rate);
    const silent = Math.min(n - failed, spread(rate / 2));
    const unresolved = Math.min(n - failed, silent + spread(0.02));
    return { ok: n - failed - unresolved, failed, unresolved, most: n, silent, strays: 0 };
  };
  const wave = [one(900), one(300)];
  const older = [one(600), one(200)];
  const cumulative = wave.map((own, index) => {
    const old = older[index]!;
    const sum = (key: keyof StratumCounts): number => own[key] + old[key];
    return {
      ok: sum("ok"),
      failed: sum("failed"),
      unresolved: sum("unresolved"),
      most: sum("most"),
      silent: sum("silent"),
      strays: 0,
    };
  });
  return { cumulative, wave };
}

function unharmed(counts: StratumCounts): StratumCounts {
  return { ...counts, ok: counts.most - counts.unresolved, failed: 0, silent: 0 };
}

function countsOfLook({
  drawn,
  active,
  wave,
  look,
  lookMs,
}: {
  readonly drawn: Drawn;
  readonly active: Readonly<Record<View, number>>;
  readonly wave: number;
  readonly look: number;
  readonly lookMs: number;
}): RuleCounts {
  const sum =
    (of: (counts: StratumCounts) => number) =>
    (stratum: number, view: View): number =>
      stratum >= 0 ? of(drawn[view][stratum]!) : drawn[view].reduce((all, counts) => all + of(counts), 0);
  return {
    look,
    elapsedMs: look * lookMs,
    wave,
    sinceOpenedMs: look * lookMs,
    hasMoreParts: false,
    targeted: () => 0,
    active: (_, view) => active[view],
    contacted: sum(({ most }) => most),
    // Half of them are known: the rest has to be asked for.
    leastContacted: sum(({ most }) => Math.floor(most / 2)),
    succeeded: sum(({ ok }) => ok),
    failed: sum(({ failed }) => failed),
    timedOut: sum(({ silent }) => silent),
    silent: sum(({ silent }) => silent),
    inProgress: sum(({ unresolved }) => unresolved),
  };
}

function verdictOf({
  drawn,
  active,
  wave,
  openFor,
  coveredSince,
}: {
  readonly drawn: Drawn;
  readonly active: Readonly<Record<View, number>>;
  readonly wave: number;
  readonly openFor: number;
  readonly coveredSince: number;
}): { readonly kind: string; readonly isSlowed: boolean } {
  const { release, strata, devices, timing } = MODEL;
  const { gate, waves } = release;
  const named = (counts: readonly StratumCounts[]): Map<string, StratumCounts> =>
    new Map(strata.map((stratum, index) => [stratum, counts[index]!]));
  const counts = { cumulative: named(drawn.cumulative), wave: named(drawn.wave) };
  const common = { gate, counts, strata, thresholds: thresholdsOf(release, strata.length) };
  const open = waves[wave];
  if (open === undefined) return { kind: assessWatched(common).kind, isSlowed: false };
  const contacted = (view: View): number => drawn[view].reduce((sum, { most }) => sum + most, 0);
  const all = { contacted: contacted("cumulative"), targeted: active.cumulative };
  const added = { contacted: contacted("wave"), targeted: active.wave };
  const isAdded = added.targeted > 0 && added.contacted * all.targeted <= all.contacted * added.targeted;
  const coverage = isAdded ? added : all;
  const isCovered = coverage.targeted > 0 && coverage.contacted >= gate.coverage * coverage.targeted;
  const nowMs = openFor * timing.lookMs;
  const sinceMs = Math.max(0, openFor - coveredSince) * timing.lookMs;
  const verdict = assessWave({
    ...common,
    wave: { ...open, bakeMs: bakeNeededMs(open, gate, timing.queryLagMs) },
    proving: strataThatCanProve(
      Object.fromEntries(strata.map((name, index) => [name, devices[index]!])),
      gate,
    ),
    coverage,
    nowMs,
    openedAtMs: 0,
    bakedSinceMs: isCovered ? sinceMs : undefined,
  });
  const views: readonly View[] = open.kind === "evidence" ? ["cumulative", "wave"] : ["cumulative"];
  return { kind: verdict.kind, isSlowed: slowDownReason(common, views) !== undefined };
}
