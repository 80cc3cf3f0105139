import { ownValue } from "../model/own-value.ts";
import { readingOf } from "../gate/metric-evidence.ts";
import { instantMs, isoInstant } from "../model/instant.ts";
import type { Look, Tally } from "../model/look.ts";
import { AT_PART, TWINS, type Metric } from "../model/metric.ts";
import { expandQuery } from "../model/metric-query.ts";
import type { ByStratum, MetricReading } from "../model/metric-reading.ts";
import type { Answer, MetricRequest, Question } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { holdOutWindow } from "../plan/bucket-window.ts";
import { hasControl } from "../plan/hold-out.ts";
import { countByStratum, metricCondition } from "../plan/queries.ts";
import type { StepInput } from "./observation.ts";
import { contactsOf } from "./take-look.ts";

/** What was read of the metrics of one release. */
export interface ReadMetrics {
  /** By metric; absent where none was due. */
  readonly metrics?: Readonly<Record<string, MetricReading>>;
  /** What is still to ask. */
  readonly questions: readonly Question[];
  /** What sources said of their trouble, for people; never recorded. */
  readonly troubles: readonly string[];
}

/**
 * Read the metrics that are due, for the look that was just counted. One that is measured at times of its own is left
 * alone until then; one that failed is asked again at every look.
 */
export function readMetrics(
  { observation }: Pick<StepInput, "observation">,
  intent: RolloutIntent,
  look: Look,
): ReadMetrics {
  const series = (observation.store?.looks.get(intent.attempt) ?? []).filter(({ at }) => at < look.at);
  const due = (intent.release.gate.metrics ?? []).filter((metric) => isDue(metric, intent, look, series));
  const read = due.map((metric): [string, Reading] => [
    metric.name,
    metric.source === TWINS
      ? readTwins(metric, { intent, look, answers: observation.answers })
      : readSource(metric, { intent, look, answers: observation.answers }),
  ]);
  const questions = read.flatMap(([, reading]) => ("questions" in reading ? reading.questions : []));
  const troubles = read.flatMap(([name, reading]) =>
    "detail" in reading ? [`metric ${name}: ${reading.detail}`] : [],
  );
  const readings = read.flatMap(([name, one]) => ("reading" in one ? [[name, one.reading] as const] : []));
  return {
    ...(readings.length === 0 ? {} : { metrics: Object.fromEntries(readings) }),
    questions,
    troubles,
  };
}

type Reading =
  | { readonly questions: readonly Question[] }
  | { readonly reading: MetricReading }
  | { readonly reading: MetricReading; readonly detail: string };

interface Subject {
  readonly intent: RolloutIntent;
  readonly look: Look;
  readonly answers: ReadonlyMap<string, Answer>;
}

function isDue(metric: Metric, intent: RolloutIntent, look: Look, series: readonly Look[]): boolean {
  if (metric.judge.kind === "rate ratio" && !hasControl(intent)) return false;
  if (metric.everyMs === undefined) return true;
  const latest = series.findLast((one) => readingOf(one, metric.name) !== undefined);
  if (latest === undefined || readingOf(latest, metric.name)?.state !== "measured") return true;
  return look.at - latest.at >= metric.everyMs;
}

/** Devices of the attempt under the metric's condition; the hub counts all of them, so a stratum it leaves out has none. */
function readTwins(metric: Metric, { intent, look, answers }: Subject): Reading {
  if (contactsOf(look.views.all) === 0) return { reading: { state: "no data" } };
  const [[part, text] = ["", ""]] = Object.entries(metric.queries);
  const condition = expandQuery(text, valuesFor(intent, look));
  const { attempt, release } = intent;
  const id = countByStratum(metricCondition({ product: release.product, attempt }, condition));
  const answer = answers.get(id);
  if (answer === undefined) return { questions: [{ kind: "count", id, query: id }] };
  if (answer.kind !== "count" || (answer.missing ?? []).length > 0) {
    const detail = answer.kind === "failed" ? answer.reason : "the hub did not answer";
    return { reading: { state: "broken", trouble: "unreachable" }, detail };
  }
  const values = Object.entries(look.views.all).map(([stratum]: [string, Tally]): [string, number] => [
    stratum,
    ownValue(answer.byStratum, stratum) ?? 0,
  ]);
  return { reading: { state: "measured", at: look.at, values: { [part]: Object.fromEntries(values) } } };
}

function readSource(metric: Metric, { intent, look, answers }: Subject): Reading {
  const placed = valuesFor(intent, look);
  const requests = Object.entries(metric.queries).map(([part, query]): [string, Question] => {
    const request: MetricRequest = {
      source: metric.source,
      query,
      values: placed,
      wants: part === AT_PART ? "instant" : "number",
      atMs: look.at,
      freshnessMs: metric.freshnessMs,
    };
    const text = `${request.wants} of ${metric.freshnessMs} ms: ${expandQuery(query, placed)}`;
    return [
      part,
      { kind: "metric", id: `metric ${metric.source} at ${isoInstant(look.at)}: ${text}`, request },
    ];
  });
  const open = requests.filter(([, { id }]) => !answers.has(id)).map(([, question]) => question);
  if (open.length > 0) return { questions: open };
  const parts = new Map<string, ByStratum>();
  let isMissing = false;
  for (const [part, { id }] of requests) {
    const answer = answers.get(id);
    if (answer?.kind !== "metric") return { reading: { state: "broken", trouble: "failed" } };
    const { result } = answer;
    if (result.state === "broken")
      return { reading: { state: "broken", trouble: result.trouble }, detail: result.detail };
    if (result.state === "no data") isMissing = true;
    else parts.set(part, result.byStratum);
  }
  const instants = Object.values(parts.get(AT_PART) ?? {});
  parts.delete(AT_PART);
  if (isMissing) return { reading: { state: "no data" } };
  // A stratum that one part has and another has not is no zero: nobody said so.
  const told = [...parts.values()]
    .map((byStratum) => new Set(Object.keys(byStratum)))
    .reduce((one, other) => one.intersection(other));
  if (told.size === 0) return { reading: { state: "no data" } };
  const values = [...parts].map(([part, all]): [string, ByStratum] => [
    part,
    Object.fromEntries(Object.entries(all).filter(([stratum]) => told.has(stratum))),
  ]);
  // Numbers are as old as the oldest of them.
  const at = instants.length === 0 ? look.at : Math.floor(Math.min(...instants) * 1_000);
  return { reading: { state: "measured", at, values: Object.fromEntries(values) } };
}

/** What stands for the placeholders of a release's queries at a look. */
function valuesFor(
  { attempt, release, wave, created, openedAt }: RolloutIntent,
  look: Look,
): Record<string, string> {
  const starts = Object.values(created).map(instantMs).filter(Number.isFinite);
  const control = holdOutWindow(release);
  return {
    attempt,
    version: release.version,
    product: release.product,
    wave: release.waves[wave]?.name ?? "",
    // The same at every look of the attempt, so that what is counted since then only grows.
    since: isoInstant(starts.length === 0 ? openedAt : Math.min(...starts)),
    until: isoInstant(look.at),
    ...(control === undefined ? {} : { controlFrom: `${control.from}`, controlTo: `${control.to}` }),
  };
}
