import type { TokenCredential } from "@azure/core-auth";
import type { LogsQueryClientOptions, LogsTable } from "@azure/monitor-query-logs";
import { ALL_STRATA } from "../../model/metric.ts";
import { expandQuery } from "../../model/metric-query.ts";
import type { MetricSource } from "./metric-source.ts";
import { answerOf, malformed } from "./numbers.ts";
import { SourceFailure } from "../source-failure.ts";

/**
 * A Log Analytics workspace, through Microsoft's client: KQL that gives a row a stratum, with the columns `stratum`
 * (absent: one row for all) and one more, the number. It sees what was logged from the start of the attempt to the look.
 * FIDELITY: only the shape of the calls was ever tested, against a server of our own; never against Azure.
 */
export function logAnalytics(settings: {
  /** Id of the workspace. */
  readonly workspace: string;
  readonly credential: TokenCredential;
  /** Another cloud's, with its version: "https://api.loganalytics.azure.cn/v1"; default: the public cloud's. */
  readonly endpoint?: string;
  readonly ca?: string;
}): MetricSource {
  const { workspace, credential, endpoint, ca } = settings;
  return async ({ query, values, wants, atMs }, signal) => {
    // Loaded late: most settings name no workspace.
    const { LogsQueryClient, LogsQueryResultStatus } = await import("@azure/monitor-query-logs");
    // `tlsOptions` is an option of the pipeline below that this client's type does not name.
    const options: LogsQueryClientOptions & { tlsOptions?: { ca: string } } = {
      ...(endpoint === undefined
        ? {}
        : { endpoint, credentials: { scopes: [`${new URL(endpoint).origin}/.default`] } }),
      ...(ca === undefined ? {} : { tlsOptions: { ca } }),
      retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
      redirectOptions: { maxRetries: 0 },
    };
    const client = new LogsQueryClient(credential, options);
    // The client takes a signal, and hands it to nobody (1.0.0).
    client.pipeline.addPolicy({
      name: "end-with-the-look",
      sendRequest: (request, next) => {
        request.abortSignal = signal;
        return next(request);
      },
    });
    const since = values["since"];
    const end = new Date(atMs);
    const timespan = { startTime: since === undefined ? end : new Date(since), endTime: end };
    const result = await client
      .queryWorkspace(workspace, expandQuery(query, values), timespan)
      .catch((error: unknown) => {
        throw failureOf(error);
      });
    // Some of the numbers would pass for all of them.
    if (result.status !== LogsQueryResultStatus.Success)
      throw new SourceFailure("failed", "the workspace answered in part");
    const [table] = result.tables;
    return table === undefined ? { state: "no data" } : answerOf(rowsOf(table), wants);
  };
}

function rowsOf({ columnDescriptors, rows }: LogsTable): readonly [string, unknown][] {
  const names = columnDescriptors.map(({ name }) => name);
  const stratum = names.indexOf("stratum");
  const [number, ...more] = names.flatMap((name, index) => (name === "stratum" ? [] : [index]));
  if (number === undefined || more.length > 0)
    throw malformed(
      `the columns ${names.join(", ").slice(0, 100)}, where \`stratum\` and one number are meant`,
    );
  return rows.map((row): [string, unknown] => {
    const name = stratum < 0 ? ALL_STRATA : row[stratum];
    if (typeof name !== "string") throw malformed("a stratum that is no text");
    return [name, row[number]];
  });
}

/** By name and status: the client's own message may hold the request. */
function failureOf(error: unknown): SourceFailure {
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : NaN;
  if (status === 401 || status === 403)
    return new SourceFailure(
      "refused",
      `the workspace answered with ${status}: the identity needs Log Analytics Reader`,
    );
  if (Number.isFinite(status)) return new SourceFailure("failed", `the workspace answered with ${status}`);
  const isSignIn =
    error instanceof Error && /^(Aggregate)?(Authentication|Credential)|^WavegateError$/.test(error.name);
  return isSignIn
    ? new SourceFailure("refused", "there is no token for the workspace: sign in again")
    : new SourceFailure("unreachable", "the workspace cannot be reached");
}
