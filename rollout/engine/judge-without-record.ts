import { assessPartial } from "../gate/assess.ts";
import { countsOf } from "../gate/counts.ts";
import type { Configuration } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { askTallies, type Question } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { digestOfRelease, type Release } from "../model/release.ts";
import type { StopVerdict } from "../model/verdict.ts";
import { tallyQuery } from "../plan/queries.ts";
import { reachesEveryone } from "../plan/cover.ts";
import { thresholdsOf } from "./evidence-at.ts";
import { attemptOf } from "./found.ts";
import type { StepInput } from "./observation.ts";

/** A release that was judged without its record: it may be stopped, nothing else. */
export interface JudgedWithoutRecord {
  readonly kind: "without record";
  readonly intent: Pick<RolloutIntent, "attempt" | "digest">;
  readonly verdict: StopVerdict;
}

/** Most strata a product has: what the budget is split by where nobody noted how many there were. */
const MOST_STRATA = 25;

/**
 * The gate while the record store is silent: what stands on the hub and in the declarations suffices to stop. Every
 * configuration that exposes devices to a declared release, unchanged, is judged by that release's gate, for abort
 * alone, on who is in contact now. Without earlier looks nobody counts as silent, and nobody who has left counts.
 *
 * Nothing tells a release under way from one that was settled long ago. So contacts count as long as the release may have
 * been under way since (patience and watch), and where everyone is exposed the harm cap, which in a large fleet a good
 * release reaches too, stops nothing: there it takes evidence.
 */
export function judgeWithoutRecord(
  input: Pick<StepInput, "declared" | "deciding"> & {
    readonly at: number;
    readonly configurations: readonly Configuration[];
    readonly answers: StepInput["observation"]["answers"];
  },
): {
  readonly judgements: readonly JudgedWithoutRecord[];
  readonly questions: readonly Question[];
} {
  const { declared, at, configurations, answers, deciding } = input;
  const questions: Question[] = [];
  const judgements: JudgedWithoutRecord[] = [];
  for (const configuration of configurations) {
    const attempt = attemptOf(configuration, declared.product);
    const release = declaredAs(configuration, declared.releases);
    if (attempt === undefined || release === undefined || configuration.condition === "") continue;
    const { gate, product, watchMs } = release;
    const { deadlineMs, deadlineMsByStratum } = gate;
    const since = at - gate.patienceMs - watchMs - deciding.queryLagMs;
    const tally = askTallies(answers, { all: tallyQuery({ product, attempt, since }) });
    if (tally.kind === "ask") questions.push(...tally.questions);
    if (tally.kind !== "known") continue;
    const { byStratum, missing } = tally.value.all;
    const look = { at, wave: 0, views: { all: byStratum, wave: {} }, answered: 0 };
    const strata = Object.keys(byStratum).sort();
    const verdict = assessPartial({
      gate: reachesEveryone(configuration.condition, product) ? { ...gate, harmCap: Infinity } : gate,
      counts: countsOf({ looks: [look], deadlineMs, deadlineMsByStratum, queryLagMs: deciding.queryLagMs }),
      strata,
      // Strata that are tested beyond those that were budgeted for share the budget too.
      thresholds: thresholdsOf(release, Math.max(budgetedFor(configuration), strata.length)),
      kind: "other",
      missing: ["the record store", ...missing],
    });
    judgements.push({
      kind: "without record",
      intent: { attempt, digest: digestOfRelease(release) },
      verdict,
    });
  }
  return { judgements, questions };
}

function declaredAs(
  { labels }: Configuration,
  releases: StepInput["declared"]["releases"],
): Release | undefined {
  return releases.find(({ release }) => digestOfRelease(release) === labels[LABEL.release])?.release;
}

function budgetedFor({ labels }: Configuration): number {
  const noted = labels[LABEL.strata];
  return noted !== undefined && /^[1-9]\d{0,3}$/.test(noted) ? Number(noted) : MOST_STRATA;
}
