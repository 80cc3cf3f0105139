import type { MetricRequest } from "../../../../rollout/model/question.ts";

/** A question to a source; change what matters. */
export function aRequest(changes: Partial<MetricRequest> = {}): MetricRequest {
  return {
    source: "lab",
    query: "q",
    values: { version: "2.1.0", wave: "10%", since: "2026-01-01T00:00:00.000Z" },
    wants: "number",
    atMs: Date.UTC(2026, 0, 1, 12),
    freshnessMs: 900_000,
    ...changes,
  };
}
