import { countsFrom } from "../engine/assess-evidence.ts";
import { evidenceInCourse, intentAt } from "../forecast/replay/look-in-course.ts";
import type { RecordedCourse } from "../forecast/replay/recorded-course.ts";
import { abortEvidence } from "../gate/abort-evidence.ts";
import { promoteEvidence } from "../gate/proof.ts";
import type { Evidence } from "../model/evidence.ts";
import type { Look } from "../model/look.ts";
import { isJudged, type RolloutIntent } from "../model/record.ts";
import type { View } from "../model/verdict.ts";

/** What the gate made of one look, computed again from the stored series as the gate does it. */
export interface JudgedLook {
  /** Epoch ms. */
  readonly at: number;
  /** Index of the widest wave that was exposed. */
  readonly wave: number;
  /** Failed and silent devices so far, all strata together. */
  readonly harmed: number;
  readonly strata: readonly StratumAtLook[];
}

/** One stratum at one look. */
export interface StratumAtLook {
  readonly stratum: string;
  /** Devices in contact since the start, and those of them that failed or fell silent. */
  readonly n: number;
  readonly k: number;
  /** Evidence against the release, of the view that is nearest to its threshold; absent before any contact. */
  readonly against?: Weighed & { readonly view: View };
  /** Evidence for the open wave; absent in waves that claim nothing, and for strata that cannot prove the gate. */
  readonly proof?: Weighed;
}

/** Evidence on the scale of what it takes. */
export interface Weighed {
  readonly k: number;
  readonly n: number;
  /** ln of the e-value. */
  readonly logE: number;
  /** The e-value at which the gate acts. */
  readonly threshold: number;
}

/** A look costs the more the longer the series is: so many are judged for a picture. */
const MOST_LOOKS = 72;

/** The evidence of a rollout over its looks: evenly chosen, and all at which a record decided. */
export function judgedLooks(course: RecordedCourse, looks: readonly Look[]): readonly JudgedLook[] {
  const step = Math.max(1, Math.ceil(looks.length / MOST_LOOKS));
  const decided = new Set(course.steps.map(({ at }) => at));
  return looks.flatMap((look, index) => {
    const isShown = (looks.length - 1 - index) % step === 0 || decided.has(look.at);
    const intent = isShown ? intentAt(course, look) : undefined;
    if (intent === undefined || !isJudged(intent)) return [];
    const evidence = evidenceInCourse(course, intent, [...looks.slice(0, index), look]);
    return [atLook(evidence, intent)];
  });
}

function atLook(evidence: Evidence, { release, proving, strata }: RolloutIntent): JudgedLook {
  const { counts, thresholds, wave, judgedAs, at } = evidence;
  const { gate } = release;
  const isOpen = judgedAs === "open" && release.waves[wave]?.kind === "evidence";
  const views = isOpen ? (["cumulative", "wave"] as const) : (["cumulative"] as const);
  // The nearest to its threshold comes first.
  const against = abortEvidence({ gate, counts: countsFrom(counts), strata, thresholds }, views);
  return {
    at,
    wave,
    harmed: Object.values(counts.cumulative).reduce((sum, { failed, silent }) => sum + failed + silent, 0),
    strata: strata.map((stratum) => {
      const found = against.find((one) => one.stratum === stratum);
      const all = counts.cumulative[stratum];
      const own = counts.wave[stratum];
      const isProving = isOpen && proving.includes(stratum) && own !== undefined && own.most > 0;
      return {
        stratum,
        n: all?.most ?? 0,
        k: (all?.failed ?? 0) + (all?.silent ?? 0),
        ...(found === undefined ? {} : { against: weighed(found, found.threshold, found.view) }),
        ...(isProving ? { proof: { ...promoteEvidence(gate, own), threshold: thresholds.promote } } : {}),
      };
    }),
  };
}

function weighed(
  { k, n, logE }: Pick<Weighed, "k" | "n" | "logE">,
  threshold: number,
  view: View,
): Weighed & { readonly view: View } {
  return { k, n, logE, threshold, view };
}
