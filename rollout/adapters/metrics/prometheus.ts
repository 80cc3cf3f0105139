import { z } from "zod";
import { ALL_STRATA } from "../../model/metric.ts";
import { expandQuery } from "../../model/metric-query.ts";
import type { MetricAnswer } from "../../model/question.ts";
import { callHttp } from "../http-call.ts";
import { answerOf, malformed, parseJson } from "./numbers.ts";
import { readSecret, redacted, type SecretPlace } from "../secret-place.ts";
import type { MetricSource } from "./metric-source.ts";
import { SourceFailure } from "../source-failure.ts";

const pair = z.tuple([z.number(), z.string()]);
const answerSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    data: z.discriminatedUnion("resultType", [
      z.object({
        resultType: z.literal("vector"),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: pair })),
      }),
      z.object({ resultType: z.literal("scalar"), result: pair }),
    ]),
  }),
  z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() }),
]);

/**
 * A Prometheus, or what speaks its HTTP API: an instant query at the look, whose series carry their stratum in the label
 * `stratum`. A sample that is older than the metric's freshness is none [Prometheus HTTP API: /api/v1/query,
 * lookback_delta]; servers before 2.43 know five minutes of their own only.
 */
export function prometheus(settings: {
  /** Address of the server, to which /api/v1/query is added. */
  readonly url: string;
  readonly token?: SecretPlace;
  readonly ca?: string;
}): MetricSource {
  const url = new URL("api/v1/query", settings.url.endsWith("/") ? settings.url : `${settings.url}/`);
  return async ({ query, values, wants, atMs, freshnessMs }, signal): Promise<MetricAnswer> => {
    const token = settings.token === undefined ? undefined : await readSecret(settings.token);
    const body = new URLSearchParams({
      query: expandQuery(query, values),
      time: (atMs / 1_000).toFixed(3),
      lookback_delta: `${Math.ceil(freshnessMs / 1_000)}s`,
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await callHttp({ url, method: "POST", headers, token, body, ca: settings.ca }, signal);
    const parsed = answerSchema.safeParse(parseJson(answer.body));
    if (!parsed.success) throw malformed(`${url.host} says nothing that Prometheus says to an instant query`);
    if (parsed.data.status === "error") {
      const { errorType, error } = parsed.data;
      throw new SourceFailure("failed", `${url.host}: ${redacted(`${errorType}: ${error}`, [token])}`);
    }
    const { data } = parsed.data;
    if (data.resultType === "scalar") return answerOf([[ALL_STRATA, data.result[1]]], wants);
    const rows = data.result.map(({ metric, value: [, text] }): [string, string] => [
      metric["stratum"] ?? (data.result.length === 1 ? ALL_STRATA : "other"),
      text,
    ]);
    return answerOf(rows, wants);
  };
}
