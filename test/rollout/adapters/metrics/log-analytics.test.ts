import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueServerCertificate } from "../../../../local/hub/certificates.ts";
import { logAnalytics } from "../../../../rollout/adapters/metrics/log-analytics.ts";
import { metricSources } from "../../../../rollout/adapters/metrics/metric-sources.ts";
import type { MetricAnswer, MetricRequest } from "../../../../rollout/model/question.ts";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";
import { aRequest } from "./a-request.ts";

// The shape of the calls only: the service is one of our own, written from Microsoft's client and its documents.

const TOKEN = "a-t0ken-for-a-test";
const WORKSPACE = "11111111-2222-3333-4444-555555555555";

let service: NumberService;
let ca: string;
beforeAll(async () => {
  const authority = await createCertificateAuthority();
  ca = authority.certPem;
  service = await startNumberService(
    () => ({}),
    await issueServerCertificate(authority, ["localhost", "127.0.0.1"]),
  );
});
afterAll(() => service[Symbol.asyncDispose]());
beforeEach(() => {
  service.asked.length = 0;
});

function measure(changes: Partial<MetricRequest> = {}, timeoutMs = 10_000): Promise<MetricAnswer> {
  const credential = {
    getToken: () => Promise.resolve({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const ask = logAnalytics({ workspace: WORKSPACE, credential, endpoint: `${service.url}/v1`, ca });
  return metricSources({ logs: { ask, timeoutMs } }).measure(aRequest({ source: "logs", ...changes }));
}

function says(columns: readonly string[], rows: readonly (readonly unknown[])[], more = {}): void {
  const table = { name: "PrimaryResult", columns: columns.map((name) => ({ name, type: "long" })), rows };
  const headers = { "content-type": "application/json" };
  service.say = () => ({ headers, body: JSON.stringify({ tables: [table], ...more }) });
}

describe("a Log Analytics workspace", () => {
  it("is asked its query, from the start of the attempt to the look, and gives rows by stratum", async () => {
    says(
      ["stratum", "crashes"],
      [
        ["A", 3],
        ["B", 0],
      ],
    );
    const query = 'Crashes | where version == "{{version}}" | summarize crashes = count() by stratum';
    expect(await measure({ query })).toEqual({ state: "measured", byStratum: { A: 3, B: 0 } });
    const [asked] = service.asked;
    expect(asked).toMatchObject({
      method: "POST",
      path: `/v1/workspaces/${WORKSPACE}/query`,
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(JSON.parse(asked?.body ?? "")).toMatchObject({
      query: 'Crashes | where version == "2.1.0" | summarize crashes = count() by stratum',
      timespan: "2026-01-01T00:00:00.000Z/2026-01-01T12:00:00.000Z",
    });
  });

  it("gives one number where it tells no strata apart, and no data where there is no row", async () => {
    says(["n"], [[7]]);
    expect(await measure()).toEqual({ state: "measured", byStratum: { "*": 7 } });
    says(["n"], []);
    expect(await measure()).toEqual({ state: "no data" });
    says(["n"], [[null]]);
    expect(await measure()).toEqual({ state: "no data" });
  });

  it("is broken by columns that nobody meant, by half an answer and by refusals, and repeats no token", async () => {
    says(["stratum", "a", "b"], [["A", 1, 2]]);
    expect(await measure()).toMatchObject({ trouble: "malformed" });
    says(["n"], [[7]], { error: { code: "PartialError", message: "half" } });
    expect(await measure()).toMatchObject({ trouble: "failed", detail: "the workspace answered in part" });
    service.say = ({ headers }) => ({
      status: 403,
      body: JSON.stringify({ error: { message: headers.authorization } }),
    });
    const refused = await measure();
    expect(refused).toMatchObject({ trouble: "refused" });
    expect(JSON.stringify(refused)).not.toContain("t0ken");
    service.say = () => "never";
    expect(await measure({}, 500)).toMatchObject({ trouble: "time-out" });
  });
});
