import { bakeNeededMs } from "../engine/assess-evidence.ts";
import { thresholdsOf } from "../engine/evidence-at.ts";
import { strataThatCanProve } from "../gate/proving-strata.ts";
import type { View } from "../model/verdict.ts";
import { abortTable, promoteTable, type AbortTable } from "./boundary-table.ts";
import {
  POOLED,
  type Judge,
  type RuledRollout,
  type RuleCounts,
  type RuleVerdict,
  type StopRule,
} from "./stop-rule.ts";

/** wavegate's own gate, as `assessWave` and `assessWatched` judge, by boundaries that were worked out from its e-values. */
export const gateRule: StopRule = { name: "wavegate", judgeOf };

function judgeOf({ release, strata, devices, lookMs, queryLagMs }: RuledRollout): Judge {
  const { gate, waves } = release;
  const { cumulative, wave: ownView, promote } = thresholdsOf(release, strata.length);
  const judged = (view: View, threshold: number): JudgedView => ({
    view,
    stops: abortTable({ ...gate, threshold }),
    slows: abortTable({ ...gate, threshold: Math.sqrt(threshold), isAbove: true }),
    safe: new Int32Array(strata.length),
  });
  const allContacts = judged("cumulative", cumulative);
  const own = judged("wave", ownView);
  const [everyone, both] = [[allContacts], [allContacts, own]];
  const proves = promoteTable({ reject: gate.reject, threshold: promote });
  const canProve = new Set(
    strataThatCanProve(Object.fromEntries(strata.map((name, index) => [name, devices[index] ?? 0])), gate),
  );
  const all = strata.map((_, index) => index);
  const proving = all.filter((index) => canProve.has(strata[index] ?? ""));
  const bakeMs = waves.map((wave) => bakeNeededMs(wave, gate, queryLagMs));

  let coveredWave = -1;
  let coveredAt = 0;

  let safeWave = -1;

  const viewsOf = (wave: number): readonly JudgedView[] =>
    waves[wave]?.kind === "evidence" ? both : everyone;
  const badOf = (counts: RuleCounts, stratum: number, view: View): number =>
    counts.failed(stratum, view) + counts.silent(stratum, view);

  /** Does the evidence against it reach its threshold? More contacts only weaken it: most answers need no count of them. */
  const isStopped = (counts: RuleCounts): boolean => {
    if (safeWave !== counts.wave) own.safe.fill(0);
    safeWave = counts.wave;
    for (const { view, stops, safe } of viewsOf(counts.wave)) {
      for (const stratum of all) {
        const bad = badOf(counts, stratum, view);
        if (bad <= (safe[stratum] ?? 0)) continue;
        const upTo = stops.safeUpTo(bad, counts.leastContacted(stratum, view));
        if (upTo >= 0) safe[stratum] = upTo;
        else if (stops.reaches(bad, counts.contacted(stratum, view))) return true;
      }
    }
    return false;
  };
  const isSlowed = (counts: RuleCounts): boolean =>
    viewsOf(counts.wave).some(({ view, slows }) =>
      all.some((stratum) => slows.reaches(badOf(counts, stratum, view), counts.contacted(stratum, view))),
    );

  const harmed = (counts: RuleCounts): number =>
    counts.failed(POOLED, "cumulative") + counts.silent(POOLED, "cumulative");

  const isCovered = (counts: RuleCounts): boolean => {
    if (coveredWave === counts.wave) return true;
    const isShareReached = (view: View): boolean => {
      const wanted = counts.active(POOLED, view);
      return wanted > 0 && counts.contacted(POOLED, view) >= gate.coverage * wanted;
    };
    if (counts.active(POOLED, "wave") > 0 && !isShareReached("wave")) return false;
    if (!isShareReached("cumulative")) return false;
    coveredWave = counts.wave;
    coveredAt = counts.look;
    return true;
  };

  /** How an open wave stands that nothing stops. */
  const progress = (counts: RuleCounts): RuleVerdict => {
    const wave = waves[counts.wave];
    if (wave === undefined || counts.hasMoreParts) return "contacting";
    const needed = bakeMs[counts.wave] ?? 0;
    const isTimed = wave.kind === "timed";
    if (!isTimed && !isCovered(counts)) return "contacting";
    const baked = isTimed ? counts.sinceOpenedMs : (counts.look - coveredAt) * lookMs;
    if (baked < needed) {
      judge.askAgainAt = counts.look + Math.ceil((needed - baked) / lookMs);
      return "baking";
    }
    if (isTimed) return "go";
    if (wave.kind === "smoke") return counts.succeeded(POOLED, "wave") > 0 ? "go" : "hold";
    const isProven = (stratum: number): boolean => {
      const contacted = counts.contacted(stratum, "wave");
      return proves.reaches(contacted - counts.succeeded(stratum, "wave"), contacted);
    };
    return proving.length > 0 && proving.every(isProven) ? "go" : "hold";
  };

  const judge: Judge & { askAgainAt: number } = {
    askAgainAt: 0,
    reset() {
      coveredWave = safeWave = -1;
      judge.askAgainAt = 0;
      allContacts.safe.fill(0);
    },
    at(counts) {
      judge.askAgainAt = counts.wave < waves.length ? counts.look + 1 : Infinity;
      if (harmed(counts) >= gate.harmCap || isStopped(counts)) return "stop";
      return counts.wave < waves.length ? progress(counts) : "hold";
    },
    mayOpenPart: (counts) => !(harmed(counts) > gate.harmCap / 2) && !isSlowed(counts),
  };
  return judge;
}

/** One view with what decides on it. */
interface JudgedView {
  readonly view: View;
  readonly stops: AbortTable;
  readonly slows: AbortTable;
  /** Bad devices of a stratum that are too few to stop anything at the contacts there are already. */
  readonly safe: Int32Array;
}
