import { bakeNeededMs } from "../engine/assess-evidence.ts";
import { thresholdsOf } from "../engine/evidence-at.ts";
import { strataThatCanProve } from "../gate/proving-strata.ts";
import type { View } from "../model/verdict.ts";
import { abortTable, promoteTable } from "./boundary-table.ts";
import { POOLED, type Judge, type RuledRollout, type RuleCounts, type RuleVerdict, type StopRule } from "./stop-rule.ts";

/** wavegate's own gate, as `assessWave` and `assessWatched` judge, by boundaries that were worked out from its e-values. */
export const gateRule: StopRule = { name: "wavegate", judgeOf };

function judgeOf({ release, strata, devices, lookMs, queryLagMs }: RuledRollout): Judge {
  const { gate, waves } = release;
  const { cumulative, wave: ownView, promote } = thresholdsOf(release, strata.length);
  const stops = { cumulative: abortTable({ ...gate, threshold: cumulative }), wave: abortTable({ ...gate, threshold: ownView }) };
  const slows = {
    cumulative: abortTable({ ...gate, threshold: Math.sqrt(cumulative), isAbove: true }),
    wave: abortTable({ ...gate, threshold: Math.sqrt(ownView), isAbove: true }),
  };
  const proves = promoteTable({ reject: gate.reject, threshold: promote });
  const canProve = new Set(
    strataThatCanProve(Object.fromEntries(strata.map((name, index) => [name, devices[index] ?? 0])), gate),
  );
  const all = strata.map((_, index) => index);
  const proving = all.filter((index) => canProve.has(strata[index] ?? ""));
  const bakeMs = waves.map((wave) => bakeNeededMs(wave, gate, queryLagMs));

  let coveredWave = -1;
  let coveredAt = 0;
  let askAgainAt = 0;

  const viewsOf = (wave: number): readonly View[] => (waves[wave]?.kind === "evidence" ? BOTH : CUMULATIVE);

  /** Does the evidence reach a table in some stratum and view? */
  const reaches = (counts: RuleCounts, tables: typeof stops): boolean => {
    for (const view of viewsOf(counts.wave)) {
      for (const stratum of all) {
        const bad = counts.failed(stratum, view) + counts.silent(stratum, view);
        // More devices than are known of only weaken the evidence: most answers need no count of them.
        if (!tables[view].reaches(bad, counts.leastContacted(stratum, view))) continue;
        if (tables[view].reaches(bad, counts.contacted(stratum, view))) return true;
      }
    }
    return false;
  };

  const harmed = (counts: RuleCounts): number =>
    counts.failed(POOLED, "cumulative") + counts.silent(POOLED, "cumulative");

  const isCovered = (counts: RuleCounts): boolean => {
    if (coveredWave === counts.wave) return true;
    const isShareReached = (view: View): boolean => {
      const wanted = counts.active(POOLED, view);
      return wanted > 0 && counts.contacted(POOLED, view) >= gate.coverage * wanted;
    };
    const isEnough = isShareReached("cumulative") && (!(counts.active(POOLED, "wave") > 0) || isShareReached("wave"));
    if (!isEnough) return false;
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
      askAgainAt = counts.look + Math.ceil((needed - baked) / lookMs);
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

  return {
    reset() {
      coveredWave = -1;
      askAgainAt = 0;
    },
    at(counts) {
      askAgainAt = counts.wave < waves.length ? counts.look + 1 : Infinity;
      if (harmed(counts) >= gate.harmCap || reaches(counts, stops)) return "stop";
      return counts.wave < waves.length ? progress(counts) : "hold";
    },
    mayOpenPart: (counts) => !(harmed(counts) > gate.harmCap / 2) && !reaches(counts, slows),
    get askAgainAt() {
      return askAgainAt;
    },
  };
}

const BOTH: readonly View[] = ["cumulative", "wave"];
const CUMULATIVE: readonly View[] = ["cumulative"];
