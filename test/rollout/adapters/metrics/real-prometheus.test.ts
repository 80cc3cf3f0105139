import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counter, Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metricSources } from "../../../../rollout/adapters/metrics/metric-sources.ts";
import { prometheus } from "../../../../rollout/adapters/metrics/prometheus.ts";
import type { MetricAnswer, MetricRequest } from "../../../../rollout/model/question.ts";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";
import { aRequest } from "./a-request.ts";

// Debian's own Prometheus, which scrapes an exporter on loopback: `npm run test:extras` installs it.

const version = spawnSync("prometheus", ["--version"], { encoding: "utf8" });
const isThere = version.status === 0;
const QUERY = 'sum by (stratum) (wavegate_test_crashes_total{version="{{version}}"})';
const MINUTE = 60_000;

let folder: string;
let exporter: NumberService;
let server: ChildProcess;
let url: string;
let output = "";

beforeAll(async () => {
  if (!isThere) return;
  const registry = new Registry();
  const labelNames = ["stratum", "version", "instance_of"];
  const crashes = new Counter({
    name: "wavegate_test_crashes_total",
    help: "crashes",
    labelNames,
    registers: [registry],
  });
  crashes.inc({ stratum: "A", version: "2.1.0", instance_of: "one" }, 3);
  crashes.inc({ stratum: "A", version: "2.1.0", instance_of: "two" }, 1);
  crashes.inc({ stratum: "B", version: "2.1.0", instance_of: "one" }, 0);
  crashes.inc({ stratum: "B", version: "2.0.0", instance_of: "one" }, 7);
  const text = await registry.metrics();
  exporter = await startNumberService(() => ({
    headers: { "content-type": registry.contentType },
    body: text,
  }));
  folder = await mkdtemp(join(tmpdir(), "wavegate-prometheus-"));
  const config = join(folder, "prometheus.yml");
  const target = new URL(exporter.url).host;
  await writeFile(
    config,
    `scrape_configs: [{ job_name: test, scrape_interval: 250ms, scrape_timeout: 250ms, static_configs: [{ targets: ["${target}"] }] }]\n`,
  );
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  for (const stream of [server.stdout, server.stderr])
    stream?.setEncoding("utf8").on("data", (more: string) => (output += more));
});
afterAll(async () => {
  if (!isThere) return;
  server.kill();
  if (server.exitCode === null) await once(server, "exit");
  await exporter[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function measure(changes: Partial<MetricRequest> = {}): Promise<MetricAnswer> {
  const source = metricSources({ prom: { ask: prometheus({ url }), timeoutMs: 5_000 } });
  return source.measure(aRequest({ source: "prom", query: QUERY, atMs: Date.now(), ...changes }));
}

describe("a real Prometheus", () => {
  it("is asked through the adapter, and forgets what is too old or gone", async ({ skip }) => {
    if (!isThere) skip("needs Debian's package prometheus: npm run test:extras installs it");
    await expect
      .poll(() => measure(), { message: output })
      .toEqual({ state: "measured", byStratum: { A: 4, B: 0 } });
    expect(await measure({ query: "wavegate_test_nothing" })).toEqual({ state: "no data" });
    expect(await measure({ query: "scalar(vector(0) / 0)" })).toEqual({ state: "no data" });
    expect(await measure({ query: "sum by (" })).toMatchObject({ trouble: "failed" });
    const instant = await measure({ query: "min(timestamp(wavegate_test_crashes_total))", wants: "instant" });
    const sampledAt = instant.state === "measured" ? (instant.byStratum["*"] ?? 0) * 1_000 : 0;
    expect(Math.abs(Date.now() - sampledAt)).toBeLessThan(MINUTE);
    const later = Date.now() + 10 * MINUTE;
    expect(await measure({ atMs: later, freshnessMs: MINUTE })).toEqual({ state: "no data" });
    // Servers before 2.43 know their own five minutes only [Prometheus changelog, 2.43.0: #12088].
    const long = await measure({ atMs: later, freshnessMs: 15 * MINUTE });
    expect(long.state).toBe(takesLookback() ? "measured" : "no data");
    exporter.say = () => ({ status: 500 });
    await expect.poll(() => measure()).toEqual({ state: "no data" });
    server.kill();
    await once(server, "exit");
    expect(await measure()).toMatchObject({ state: "broken", trouble: "unreachable" });
  });
});

function takesLookback(): boolean {
  const [, major = "0", minor = "0"] =
    /version (\d+)\.(\d+)/.exec(`${version.stdout}${version.stderr}`) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 43);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("it listens on no port");
  return address.port;
}
