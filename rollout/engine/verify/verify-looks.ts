import { countsOf } from "../../gate/counts.ts";
import { metricEvidence } from "../../gate/metric-evidence.ts";
import { canonicalJson, digestOf, type Digest } from "../../model/digest.ts";
import type { RecordedEvidence } from "../../model/evidence.ts";
import type { Look } from "../../model/look.ts";
import type { MetricEvidence } from "../../model/metric-reading.ts";
import type { Problem } from "../../model/problem.ts";
import { isRolledOut, type RolloutRecord } from "../../model/record.ts";
import type { Release } from "../../model/release.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import { countsInRecord } from "../assess-evidence.ts";

/**
 * Where the looks that a verdict was counted from are still there, to the byte, count them again. Looks may be lost:
 * that is a warning. The same looks that count otherwise are an error.
 */
export function verifyLooks(
  digest: Digest,
  { judged, kind, intents }: RolloutRecord,
  { looks, product }: StoreContents,
): readonly Problem[] {
  if (judged === undefined) return [];
  const series = seriesOf(judged, looks.get(judged.attempt) ?? []);
  const path = `record ${digest.slice(0, 12)} (${kind} ${judged.attempt})`;
  if (series === undefined) {
    const summary = `the ${judged.looks.count} looks it was counted from are not all there, or others came between`;
    const hint = `the record is judged by itself; restore looks/${product}/${judged.attempt}.jsonl to count again`;
    return [{ severity: "warning", code: "LOOKS_LOST", path, summary, hint }];
  }
  const intent = intents.find(({ attempt }) => attempt === judged.attempt);
  if (intent === undefined || !isRolledOut(intent)) return [];
  const { deadlineMs, deadlineMsByStratum } = intent.release.gate;
  const counts = countsOf({ looks: series, deadlineMs, deadlineMsByStratum, queryLagMs: judged.queryLagMs });
  const metrics = metricsOf(judged, series, intent.release);
  const isSame =
    canonicalJson(countsInRecord(counts)) === canonicalJson(judged.counts) &&
    canonicalJson(metrics) === canonicalJson(judged.metrics ?? {});
  if (isSame) return [];
  const summary = "its counts are not those of the looks it names";
  const hint = "the record was forged, or another version counted it";
  return [{ severity: "error", code: "VERDICT_DIFFERS", path, summary, hint }];
}

/** What the looks say of each metric that was judged; whether there was a control is checked with the verdict. */
function metricsOf(
  { metrics = {}, strata }: RecordedEvidence,
  looks: readonly Look[],
  { gate }: Release,
): NonNullable<RecordedEvidence["metrics"]> {
  const known = (gate.metrics ?? []).map((metric): [string, MetricEvidence] => [
    metric.name,
    metricEvidence({ metric, looks, strata, hasControl: metrics[metric.name]?.state !== "no control" }),
  ]);
  return Object.fromEntries(known);
}

/** The series that was read then: what stood before the deciding look was appended, whatever came later. */
function seriesOf(
  { at, looks: mark }: RecordedEvidence,
  stored: readonly Look[],
): readonly Look[] | undefined {
  for (const [index, look] of stored.entries()) {
    if (look.at !== at) continue;
    const series = [...stored.slice(0, index).filter((earlier) => earlier.at < at), look];
    if (series.length === mark.count && digestOf(series) === mark.digest) return series;
  }
  return undefined;
}
