import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSources } from "../../rollout/cli/open-sources.ts";
import { loadSettings } from "../../rollout/cli/settings/load-settings.ts";
import type { Settings } from "../../rollout/cli/settings/settings.ts";
import type { Metric } from "../../rollout/model/metric.ts";
import { PLACEHOLDERS } from "../../rollout/model/metric-query.ts";
import { parseRelease } from "../../rollout/model/release.ts";
import { releaseConditionProblems } from "../../rollout/plan/declared-conditions.ts";
import type { MetricPort } from "../../rollout/reconcile/ports.ts";
import { aRelease } from "../support/declarations.ts";
import { startNumberService, type NumberService } from "../support/number-service.ts";
import { aRequest } from "./adapters/metrics/a-request.ts";

const DOC = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");

/** The text of a fenced block, by its language, under a heading. */
function block(language: string, heading: string): string {
  const section = DOC.split(/^#+ /m).find((one) => one.startsWith(`${heading}\n`)) ?? "";
  const found = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(section);
  if (found?.[1] === undefined) throw new Error(`docs/metrics.md has no ${language} under "${heading}"`);
  return found[1];
}

let folder: string;
let service: NumberService;
let settings: Settings;
let port: MetricPort;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-metrics-doc-"));
  service = await startNumberService(() => ({}));
  const { sources } = JSON.parse(block("json", "Sources")) as { readonly sources: object };
  const base = {
    schemaVersion: 1,
    hub: { name: "one", hostName: "h.azure-devices.net", credential: { kind: "azure-cli" } },
    images: { base: "https://account.blob.core.windows.net/firmware", credential: { kind: "azure-cli" } },
    records: { folder: "records" },
    declarations: { fleet: "fleet.ts", releases: "releases" },
  };
  // Everything as the page has it, but the two hosts, which are this machine's.
  const text = JSON.stringify({ ...base, sources }).replaceAll(
    /https:\/\/(prometheus|lab)\.example\.com/g,
    service.url,
  );
  const file = join(folder, "settings.json");
  await writeFile(file, text);
  await writeFile(join(folder, "prometheus.token"), "t-of-prometheus");
  await writeFile(join(folder, "bench-crashes.sh"), block("sh", "A command"));
  await chmod(join(folder, "bench-crashes.sh"), 0o755);
  settings = await loadSettings({ flag: file, stackOutputs: undefined, environment: {}, folder });
  port = openSources(settings);
  process.env["LAB_TOKEN"] = "t-of-lab";
});
afterAll(async () => {
  delete process.env["LAB_TOKEN"];
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A metric of the page, as a release file would hold it. */
async function metricUnder(heading: string): Promise<Metric> {
  const file = join(folder, `${heading.replaceAll(/\W/g, "-")}.ts`);
  await writeFile(file, `export default ${block("ts", heading)};\n`);
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { readonly default: object };
  const { gate, ...rest } = aRelease("1.1.0", { holdOut: "2%" });
  const parsed = parseRelease({ ...rest, gate: { ...gate, metrics: [module.default] } }, "r.ts");
  expect(parsed.problems).toEqual([]);
  const [metric] = parsed.release?.gate.metrics ?? [];
  if (parsed.release === undefined || metric === undefined) throw new Error("no metric");
  expect(releaseConditionProblems({ release: parsed.release, file: "r.ts" })).toEqual([]);
  return metric;
}

const VALUES = { attempt: "fw--thermostat--2-1-0--1", version: "2.1.0", controlFrom: "1", controlTo: "2" };

describe("docs/metrics.md", () => {
  it("has settings that are some, for every source that its metrics ask", async () => {
    expect(Object.values(settings.sources).map(({ kind }) => kind)).toEqual([
      "prometheus",
      "log-analytics",
      "http-json",
      "command",
    ]);
    const headings = ["Prometheus", "Log Analytics", "HTTP and JSON", "A command", "Twins"];
    const asked = await Promise.all(headings.map(async (heading) => (await metricUnder(heading)).source));
    expect(asked).toEqual([...port.sources, "twins"]);
  });

  it("shows a gate that is one", async () => {
    const file = join(folder, "gate.ts");
    await writeFile(file, `export default { ${block("ts", "Metrics")} };\n`);
    const { default: more } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly default: object;
    };
    expect(parseRelease({ ...aRelease("1.1.0"), ...more }, "r.ts").problems).toEqual([]);
  });

  it("has an example of Prometheus that is answered", async () => {
    const { queries } = await metricUnder("Prometheus");
    const result = [{ metric: { stratum: "A" }, value: [1, "3"] }];
    service.say = () => ({
      body: JSON.stringify({ status: "success", data: { resultType: "vector", result } }),
    });
    const answer = await port.measure(
      aRequest({ source: "prom", query: queries["bad"] ?? "", values: VALUES }),
    );
    expect(answer).toEqual({ state: "measured", byStratum: { A: 3 } });
    const asked = service.asked.at(-1);
    expect(asked?.headers.authorization).toBe("Bearer t-of-prometheus");
    expect(new URLSearchParams(asked?.body).get("query")).toContain(`{attempt="${VALUES.attempt}"}`);
  });

  it("has an example of HTTP that is answered, with its instant", async () => {
    const { queries } = await metricUnder("HTTP and JSON");
    service.say = () => ({ body: '{"celsius":61.5,"measuredAt":"2026-01-01T00:00:00Z"}' });
    const ask = (part: string, wants: "number" | "instant"): ReturnType<MetricPort["measure"]> =>
      port.measure(aRequest({ source: "lab", query: queries[part] ?? "", values: VALUES, wants }));
    expect(await ask("value", "number")).toEqual({ state: "measured", byStratum: { "*": 61.5 } });
    expect(await ask("at", "instant")).toMatchObject({ byStratum: { "*": Date.UTC(2026, 0, 1) / 1_000 } });
    expect(service.asked.at(-1)).toMatchObject({
      path: "/v1/heat?version=2.1.0",
      headers: { authorization: "Bearer t-of-lab" },
    });
  });

  it("has a command that runs", async () => {
    const { queries } = await metricUnder("A command");
    const answer = await port.measure(
      aRequest({ source: "bench", query: queries["value"] ?? "", values: VALUES }),
    );
    expect(answer).toEqual({ state: "measured", byStratum: { A: 0, B: 0 } });
  });

  it("names every placeholder", () => {
    for (const name of Object.keys(PLACEHOLDERS)) expect(DOC).toContain(`{{${name}}}`);
  });
});

describe("settings of sources", () => {
  const load = async (source: object): Promise<readonly string[]> => {
    const file = join(folder, "other.json");
    const text = await readFile(settings.file, "utf8");
    await writeFile(file, JSON.stringify({ ...(JSON.parse(text) as object), sources: { one: source } }));
    try {
      await loadSettings({ flag: file, stackOutputs: undefined, environment: {}, folder });
      return [];
    } catch (error) {
      const { problems = [] } = error as { readonly problems?: readonly { readonly summary: string }[] };
      return problems.map(({ summary }) => summary);
    }
  };

  it.each<[string, object, RegExp | undefined]>([
    ["plain HTTP elsewhere", { kind: "prometheus", url: "http://prometheus.example.com" }, /without TLS/],
    ["plain HTTP on this machine", { kind: "prometheus", url: "http://127.0.0.1:9090" }, undefined],
    [
      "a user in an address",
      { kind: "http-json", url: "https://me:secret@lab.example.com" },
      /a token has a place/,
    ],
    [
      "a key in an address",
      { kind: "http-json", url: "https://lab.example.com/?code=secret" },
      /a token has a place/,
    ],
    [
      "a token itself",
      { kind: "prometheus", url: "https://p.example.com", token: "secret" },
      /never the token itself/,
    ],
    [
      "more time than a look has",
      { kind: "command", command: ["x"], timeout: "2 minutes" },
      /at most 20 seconds/,
    ],
    ["no program", { kind: "command", command: [] }, /./],
  ])("are refused with %s, or taken, and never repeated", async (_, source, message) => {
    const found = (await load(source)).join("\n");
    if (message === undefined) expect(found).toBe("");
    else expect(found).toMatch(message);
    expect(found).not.toContain("secret");
  });

  it("name their files from where they stand", () => {
    expect(settings.sources["prom"]).toMatchObject({ token: { file: join(folder, "prometheus.token") } });
  });
});
