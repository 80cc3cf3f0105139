import { canonicalJson } from "../../model/digest.ts";
import { evidenceDigest, type RecordedEvidence } from "../../model/evidence.ts";
import { instantMs } from "../../model/instant.ts";
import { isRolledOut, type RolloutIntent, type RolloutRecord } from "../../model/record.ts";
import type { Verdict } from "../../model/verdict.ts";
import { hasControl } from "../../plan/hold-out.ts";
import { assessEvidence } from "../assess-evidence.ts";
import { ratesOf, thresholdsOf } from "../evidence-at.ts";
import type { Refuse, StepUnderTest } from "./step-under-test.ts";

/**
 * Judge a record again by the gate that judged it, from the record alone: the verdict must be the same to the letter, and
 * a wave must have been let on by a promoting one, or by a person who had seen exactly this evidence. True when judged.
 */
export function verifyVerdict({ record, parent }: StepUnderTest, refuse: Refuse): boolean {
  const { kind, verdict, judged } = record;
  const needsPromotion = kind === "promote" || kind === "complete";
  const before = parent?.intents.find(({ attempt }) => attempt === record.subject);
  if (judged === undefined) {
    if (needsPromotion) refuse("VERDICT_DIFFERS", "it lets a wave on, and holds no evidence to judge by");
    else if (verdict !== undefined) refuse("VERDICT_DIFFERS", "it holds a verdict without its evidence");
    else if (record.stops.some(({ actor }) => actor === "gate"))
      refuse(
        "LOOKS_LOST",
        "the look that the gate stopped it by was lost: it cannot be judged again",
        "warning",
      );
    return false;
  }
  if (before === undefined || !isRolledOut(before) || judged.attempt !== before.attempt) {
    refuse("VERDICT_DIFFERS", "its evidence is about something that nobody judges");
    return false;
  }
  verifyEvidence({ record, judged, before, refuse });
  const again = assessEvidence(judged, before.release);
  if (needsPromotion) verifyPromotion({ record, judged, before, again, refuse });
  if (verdict === undefined || verdict.guarantee === "overridden") return true;
  if (canonicalJson(again) !== canonicalJson(verdict)) {
    const text = `the gate says ${told(again)} to this evidence, the record says ${told(verdict)}`;
    refuse("VERDICT_DIFFERS", text);
  }
  return true;
}

/** Evidence has to be that of the release as it stood: nobody may pick their own thresholds. */
function verifyEvidence({
  record,
  judged,
  before,
  refuse,
}: {
  readonly record: RolloutRecord;
  readonly judged: RecordedEvidence;
  readonly before: RolloutIntent;
  readonly refuse: Refuse;
}): void {
  const { wave, strata, proving, release } = before;
  const openedAt = Math.max(before.openedAt, before.partOpenedAt);
  const metrics = release.gate.metrics?.map(({ name, judge }) => ({
    name,
    isCompared: judge.kind !== "rate ratio" || hasControl(before),
  }));
  const expected = {
    wave,
    openedAt,
    strata,
    proving,
    thresholds: thresholdsOf(release, strata.length),
    ...(metrics === undefined ? {} : { metrics: metrics.toSorted(byName) }),
  };
  const given = {
    wave: judged.wave,
    openedAt: judged.openedAt,
    strata: judged.strata,
    proving: judged.proving,
    thresholds: judged.thresholds,
    ...(judged.metrics === undefined ? {} : { metrics: comparedIn(judged.metrics) }),
  };
  if (canonicalJson(expected) !== canonicalJson(given))
    refuse("VERDICT_DIFFERS", "wave, strata or thresholds of its evidence are not those of the release");
  // Records from before rates were told have none, and neither has their verdict.
  if (judged.rates !== undefined && canonicalJson(judged.rates) !== canonicalJson(ratesOf(before)))
    refuse("VERDICT_DIFFERS", "its failure rates are told by another level or of other devices");
  // The fleet's `activeWithin` stands in no record; whom the wave added does.
  if (judged.contact !== undefined && canonicalJson(judged.contact.added) !== canonicalJson(before.added))
    refuse("VERDICT_DIFFERS", "its evidence is of other devices than those that the wave added");
  if (judged.judgedAs === "watched" && before.state !== "watching")
    refuse("VERDICT_DIFFERS", `it was judged as complete, and was ${before.state}`);
  const instants = [record.at, ...record.stops.map(({ at }) => at)].map(instantMs);
  if (!instants.includes(judged.at)) refuse("VERDICT_DIFFERS", "its evidence is of another instant");
}

/** Which metrics were judged, and which of them while there was something to compare with. */
function comparedIn(metrics: NonNullable<RecordedEvidence["metrics"]>): readonly { readonly name: string }[] {
  return Object.entries(metrics)
    .map(([name, { state }]) => ({ name, isCompared: state !== "no control" }))
    .toSorted(byName);
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function verifyPromotion({
  record,
  judged,
  before,
  again,
  refuse,
}: {
  readonly record: RolloutRecord;
  readonly judged: RecordedEvidence;
  readonly before: RolloutIntent;
  readonly again: Verdict;
  readonly refuse: Refuse;
}): void {
  if (again.kind === "promote" && record.verdict?.kind === "promote") return;
  const name = before.release.waves[judged.wave]?.name;
  const byPerson = before.overrides.some(
    ({ wave, evidence, at, until }) =>
      wave === name && evidence === evidenceDigest(judged) && at <= judged.at && judged.at < until,
  );
  if (again.kind === "abort") refuse("VERDICT_DIFFERS", "it lets a wave on that the gate stops");
  else if (record.verdict?.guarantee !== "overridden" || !byPerson)
    refuse(
      "VERDICT_DIFFERS",
      "it lets a wave on without a promoting verdict, and nobody overrode the gate on this evidence",
    );
}

function told({ kind, guarantee, reasons }: Verdict): string {
  return `${kind} (${guarantee}: ${reasons.map(({ text }) => text).join("; ")})`;
}
