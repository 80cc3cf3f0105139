import type { MetricAnswer, MetricRequest } from "../../model/question.ts";

/** Asks one source one query; trouble is a SourceFailure. The signal ends it. */
export type MetricSource = (request: MetricRequest, signal: AbortSignal) => Promise<MetricAnswer>;
