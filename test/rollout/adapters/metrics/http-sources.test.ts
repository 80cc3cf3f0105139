import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MOST_BYTES } from "../../../../rollout/adapters/http-call.ts";
import { httpJson, pointedAt } from "../../../../rollout/adapters/metrics/http-json.ts";
import type { MetricSource } from "../../../../rollout/adapters/metrics/metric-source.ts";
import { metricSources } from "../../../../rollout/adapters/metrics/metric-sources.ts";
import { prometheus } from "../../../../rollout/adapters/metrics/prometheus.ts";
import type { MetricAnswer, MetricRequest } from "../../../../rollout/model/question.ts";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";
import { aRequest } from "./a-request.ts";

const TOKEN = "eyJhbGciOi.s3cr3t-token_of.a-test";

let service: NumberService;
let folder: string;
beforeEach(async () => {
  service = await startNumberService(() => ({ body: "{}" }));
  folder = await mkdtemp(join(tmpdir(), "wavegate-sources-"));
  await writeFile(join(folder, "token"), `${TOKEN}\n`);
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** One answer of a source with the time it has; says `body` first. */
function answer(
  ask: MetricSource,
  request: Partial<MetricRequest> = {},
  timeoutMs = 5_000,
): Promise<MetricAnswer> {
  return metricSources({ lab: { ask, timeoutMs } }).measure(aRequest(request));
}

const measured = (byStratum: Record<string, number>): MetricAnswer => ({ state: "measured", byStratum });
const NO_DATA: MetricAnswer = { state: "no data" };

describe("an HTTP source", () => {
  const json = (): MetricSource =>
    httpJson({ url: `${service.url}/v1`, token: { file: join(folder, "token") } });

  it("asks below its own address, with the token, and with values that stay inside their place", async () => {
    service.say = () => ({ body: '{"deep":{"a/b":[1,{"n":7}]}}' });
    const query = "crashes?version={{version}}&wave={{wave}}#/deep/a~1b/1/n";
    expect(await answer(json(), { query })).toEqual(measured({ "*": 7 }));
    expect(service.asked[0]).toMatchObject({
      method: "GET",
      path: "/v1/crashes?version=2.1.0&wave=10%25",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
  });

  it.each<[string, string, MetricAnswer]>([
    ["a number", "3.5", measured({ "*": 3.5 })],
    ["a number as a text", '"12"', measured({ "*": 12 })],
    ["numbers by stratum", '{"A":1,"":2}', measured({ A: 1, other: 2 })],
    ["null", "null", NO_DATA],
    ["an empty object", "{}", NO_DATA],
    ["NaN among numbers", '{"A":1,"B":"NaN"}', NO_DATA],
  ])("reads %s", async (_, body, expected) => {
    service.say = () => ({ body });
    expect(await answer(json(), { query: "x" })).toEqual(expected);
  });

  it("reads instants as ISO 8601 or epoch seconds, and only where one is asked for", async () => {
    service.say = () => ({ body: '"2026-01-01T00:00:01Z"' });
    const seconds = Date.UTC(2026, 0, 1) / 1_000 + 1;
    expect(await answer(json(), { query: "x", wants: "instant" })).toEqual(measured({ "*": seconds }));
    expect(await answer(json(), { query: "x" })).toMatchObject({ state: "broken", trouble: "malformed" });
  });

  it.each<[string, string, () => void, Partial<MetricRequest>?]>([
    ["something that is no JSON", "malformed", () => (service.say = () => ({ body: "<html>" }))],
    ["a list", "malformed", () => (service.say = () => ({ body: "[1]" }))],
    ["words", "malformed", () => (service.say = () => ({ body: '{"A":"many"}' }))],
    ["more than it has to", "malformed", () => (service.say = () => ({ body: "1".repeat(MOST_BYTES + 1) }))],
    ["401", "refused", () => (service.say = () => ({ status: 401 }))],
    ["404", "failed", () => (service.say = () => ({ status: 404 }))],
    ["500 three times", "failed", () => (service.say = () => ({ status: 500 }))],
    ["nothing", "time-out", () => (service.say = () => "never")],
    ["a connection that is cut", "unreachable", () => (service.say = () => "gone")],
    [
      "half an answer",
      "unreachable",
      () => (service.say = () => ({ headers: { "content-length": "100" }, body: "1" })),
    ],
  ])("is broken by %s (%s), and says so without the token", async (_, trouble, fail) => {
    fail();
    const found = await answer(json(), { query: "x" }, trouble === "time-out" ? 300 : 5_000);
    expect(found).toMatchObject({ state: "broken", trouble });
    expect(JSON.stringify(found)).not.toContain("s3cr3t");
  });

  it("tries what may pass again, within its time", async () => {
    let tries = 0;
    service.say = () => (++tries < 3 ? { status: 503 } : { body: "4" });
    expect(await answer(json(), { query: "x" })).toEqual(measured({ "*": 4 }));
  });

  it("is never tried again before the service asks for it", async () => {
    const at: number[] = [];
    service.say = () => {
      at.push(performance.now());
      return at.length < 2 ? { status: 429, headers: { "retry-after": "1" } } : { body: "4" };
    };
    expect(await answer(json(), { query: "x" })).toEqual(measured({ "*": 4 }));
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("is not tried again where the service asks for a long time: the next look asks anew", async () => {
    service.say = () => ({ status: 503, headers: { "retry-after": "60" } });
    expect(await answer(json(), { query: "x" })).toMatchObject({ state: "broken", trouble: "failed" });
    expect(service.asked).toHaveLength(1);
  });

  it("follows no redirect: the token goes nowhere else", async () => {
    await using elsewhere = await startNumberService(() => ({ body: "1" }));
    service.say = () => ({ status: 302, headers: { location: `${elsewhere.url}/` } });
    expect(await answer(json(), { query: "x" })).toMatchObject({ state: "broken", trouble: "failed" });
    expect(elsewhere.asked).toEqual([]);
  });

  it.each(["https://example.com/x", "//example.com/x", "/elsewhere", "../secrets"])(
    "asks nothing that leads away from its address: %s",
    async (query) => {
      expect(await answer(json(), { query })).toMatchObject({ state: "broken", trouble: "failed" });
      expect(service.asked).toEqual([]);
    },
  );

  it("is broken without its token, and names the place of it alone", async () => {
    const gone = httpJson({ url: service.url, token: { file: join(folder, "gone") } });
    expect(await answer(gone, { query: "x" })).toMatchObject({ trouble: "refused" });
    await writeFile(join(folder, "token"), "two\nlines");
    const found = await answer(json(), { query: "x" });
    expect(found).toMatchObject({ trouble: "refused" });
    expect(JSON.stringify(found)).not.toContain("lines");
    expect(service.asked).toEqual([]);
  });

  it("is unreachable where nobody listens", async () => {
    const { url } = service;
    await service[Symbol.asyncDispose]();
    expect(await answer(httpJson({ url }), { query: "x" })).toMatchObject({ trouble: "unreachable" });
  });
});

describe("pointedAt", () => {
  it("finds what RFC 6901 says it finds", () => {
    const document = { foo: ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7 };
    const found = ["", "/foo", "/foo/0", "/", "/a~1b", "/m~0n", "/ ", "/foo/2", "/foo/0/x", "/toString"].map(
      (pointer) => pointedAt(document, pointer),
    );
    expect(found).toEqual([document, ["bar", "baz"], "bar", 0, 1, 8, 7, undefined, undefined, undefined]);
  });
});

describe("a Prometheus", () => {
  const source = (): MetricSource => prometheus({ url: service.url, token: { file: join(folder, "token") } });
  const vector = (...series: readonly (readonly [Record<string, string>, string])[]): void => {
    const result = series.map(([metric, value]) => ({ metric, value: [1, value] }));
    service.say = () => ({
      body: JSON.stringify({ status: "success", data: { resultType: "vector", result } }),
    });
  };

  it("is asked an instant query of the look, for samples that are fresh", async () => {
    vector([{ stratum: "A" }, "3"], [{ stratum: "B" }, "4e0"]);
    const query = 'sum by (stratum) (crashes{version="{{version}}"})';
    expect(await answer(source(), { query })).toEqual(measured({ A: 3, B: 4 }));
    const [asked] = service.asked;
    expect(asked).toMatchObject({ method: "POST", path: "/api/v1/query" });
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      query: 'sum by (stratum) (crashes{version="2.1.0"})',
      time: "1767268800.000",
      lookback_delta: "900s",
    });
  });

  it("says one number of one series without a stratum, and of a scalar", async () => {
    vector([{ job: "x" }, "3"]);
    expect(await answer(source())).toEqual(measured({ "*": 3 }));
    const body = JSON.stringify({ status: "success", data: { resultType: "scalar", result: [1, "5"] } });
    service.say = () => ({ body });
    expect(await answer(source())).toEqual(measured({ "*": 5 }));
  });

  it("has no data where it has no series, or one of nothing by nothing", async () => {
    vector();
    expect(await answer(source())).toEqual(NO_DATA);
    vector([{ stratum: "A" }, "1"], [{ stratum: "B" }, "NaN"]);
    expect(await answer(source())).toEqual(NO_DATA);
  });

  it("is broken by two series of one stratum, by ranges, and by its own errors, which repeat no token", async () => {
    vector([{ stratum: "A", pod: "1" }, "1"], [{ stratum: "A", pod: "2" }, "1"]);
    expect(await answer(source())).toMatchObject({ trouble: "malformed" });
    service.say = () => ({ body: '{"status":"success","data":{"resultType":"matrix","result":[]}}' });
    expect(await answer(source())).toMatchObject({ trouble: "malformed" });
    const error = { status: "error", errorType: "bad_data", error: `no parse of Bearer ${TOKEN}` };
    service.say = () => ({ status: 400, body: JSON.stringify(error) });
    const found = await answer(source());
    expect(found).toMatchObject({ trouble: "failed" });
    expect(JSON.stringify(found)).toContain("bad_data: no parse of Bearer ***");
  });
});

describe("sources", () => {
  it("are broken where the settings have none of that name, or one that throws anything", async () => {
    const bug = metricSources({
      lab: { ask: () => Promise.reject(new TypeError(`in ${TOKEN}`)), timeoutMs: 1_000 },
    });
    expect(await bug.measure(aRequest({ source: "constructor" }))).toMatchObject({
      trouble: "unknown source",
    });
    const found = await bug.measure(aRequest());
    expect(found).toEqual({ state: "broken", trouble: "failed", detail: "lab: TypeError was thrown" });
  });
});
