import { describe, expect, it } from "vitest";
import { expandQuery, placeholdersIn } from "../../../rollout/model/metric-query.ts";
import { digestOfRelease, parseRelease } from "../../../rollout/model/release.ts";
import type { MetricDeclaration, ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import { aRelease, anArtifact } from "../../support/declarations.ts";

const LIMIT: MetricDeclaration = {
  name: "heat",
  source: "lab",
  query: "heat",
  judge: { kind: "limit", above: 80 },
  freshness: "15 minutes",
};
const RATIO: MetricDeclaration = {
  name: "crashes",
  source: "lab",
  query: { treated: "t", treatedExposure: "te", control: "c", controlExposure: "ce" },
  judge: { kind: "rate ratio", tolerate: 1.2 },
  freshness: "1 hour",
};

function parse(
  metrics: readonly unknown[],
  more: Partial<ReleaseDeclaration> = {},
): ReturnType<typeof parseRelease> {
  const { gate, ...rest } = aRelease("1.1.0", more);
  return parseRelease({ ...rest, gate: { ...gate, metrics } }, "r.ts");
}

describe("a metric, declared", () => {
  it("becomes queries by what they ask for, durations in ms, and is part of the release's identity", () => {
    const { release } = parse([LIMIT, { ...RATIO, every: "30 minutes", mode: "shadow" }], { holdOut: "2%" });
    expect(release?.holdOut).toBe(0.02);
    expect(release?.gate.metrics).toEqual([
      {
        name: "heat",
        source: "lab",
        queries: { value: "heat" },
        judge: { kind: "limit", above: 80, failures: 1 },
        freshnessMs: 900_000,
        mode: "enforce",
      },
      {
        name: "crashes",
        source: "lab",
        queries: RATIO.query,
        judge: { kind: "rate ratio", tolerate: 1.2 },
        freshnessMs: 3_600_000,
        everyMs: 1_800_000,
        mode: "shadow",
      },
    ]);
  });

  it("that there is none of leaves the release's identity as it was before there were any", () => {
    const { release } = parseRelease(aRelease("1.1.0"), "r.ts");
    expect(release?.gate).not.toHaveProperty("metrics");
    expect(release).not.toHaveProperty("holdOut");
    // Records of releases without metrics hold this digest.
    expect(release === undefined ? "" : digestOfRelease(release)).toBe(
      "584483f09dc659892cd0a723ded27e900677fc18f3a7a650bed1f783cfddf752",
    );
  });

  it.each<[string, readonly unknown[], Partial<ReleaseDeclaration>, RegExp]>([
    ["a rate ratio without a hold-out", [RATIO], {}, /declare a hold-out/],
    ["a rate ratio of twins", [{ ...RATIO, source: "twins" }], { holdOut: "2%" }, /twins hold no exposure/],
    [
      "half of a rate ratio",
      [{ ...RATIO, query: { treated: "t", control: "c" } }],
      { holdOut: "2%" },
      /needs `treatedExposure` too/,
    ],
    [
      "one query where several are meant",
      [{ ...RATIO, query: "q" }],
      { holdOut: "2%" },
      /a query each for treated/,
    ],
    [
      "a query that nobody asks for",
      [{ ...LIMIT, query: { value: "v", total: "t" } }],
      {},
      /asks for value, at/,
    ],
    ["a misspelt placeholder", [{ ...LIMIT, query: "x{{versoin}}" }], {}, /did you mean \{\{version\}\}\?/],
    [
      "an invented one",
      [{ ...LIMIT, query: "x{{environment}}" }],
      {},
      /stands for nothing; there are attempt/,
    ],
    [
      "the control's window without a hold-out",
      [{ ...LIMIT, query: "{{controlFrom}}" }],
      {},
      /declares no hold-out/,
    ],
    ["two of one name", [LIMIT, LIMIT], {}, /another metric is called "heat" too/],
    ["a limit without a limit", [{ ...LIMIT, judge: { kind: "limit" } }], {}, /`above`, `below` or both/],
    [
      "limits that no value keeps",
      [{ ...LIMIT, judge: { kind: "limit", above: 5, below: 10 } }],
      {},
      /gate\.metrics\[0\]\.judge\.below: must not be above `above`: every value would be bad/,
    ],
    [
      "data that is too old before it is asked for again",
      [{ ...LIMIT, every: "1 hour" }],
      {},
      /longer than `freshness`/,
    ],
    [
      "a rate that must not ship below the tolerated one",
      [
        {
          ...LIMIT,
          query: { bad: "b", total: "t" },
          judge: { kind: "binomial", tolerate: "5%", reject: "2%" },
        },
      ],
      {},
      /above `tolerate`/,
    ],
    ["a secret of its own", [{ ...LIMIT, token: "abc" }], {}, /"token" is no setting/],
  ])("refuses %s", (_, metrics, more, message) => {
    const { problems } = parse(metrics, more);
    expect(problems.map(({ path, summary }) => `${path}: ${summary}`).join("\n")).toMatch(message);
  });

  it("refuses a wave's name that could leave its quotes", () => {
    const waves = [
      { name: 'can"ary', cohort: percent(10), kind: "smoke" },
      { name: "all", cohort: percent(100), kind: "smoke" },
    ] as const;
    const { problems } = parse([{ ...LIMIT, query: 'x{wave="{{wave}}"}' }], { waves });
    expect(problems[0]?.summary).toContain('the wave "can"ary" cannot stand in a query');
    expect(parse([LIMIT], { waves }).problems).toEqual([]);
  });

  it("over twins has to be a condition, with its placeholders in", () => {
    const twins = (query: string): readonly string[] => {
      const { gate, ...rest } = aRelease("1.1.0");
      const fleet = {
        products: { thermostat: { adopt: { version: "1.0.0", artifact: anArtifact("1.0.0") } } },
      };
      const metrics = [{ ...LIMIT, source: "twins", query }];
      const releases = [{ value: { ...rest, gate: { ...gate, metrics } }, file: "r.ts" }];
      return checkDeclarations({ fleet: { value: fleet, file: "fleet.ts" }, releases }).problems.map(
        ({ code, path }) => `${code} ${path}`,
      );
    };
    expect(twins("properties.reported.firmware.errorCode = 'E{{version}}'")).toEqual([]);
    expect(twins("1 = 1) OR (deviceId")).toEqual(["CONDITION_INVALID r.ts: gate.metrics[0].query"]);
  });
});

describe("a query", () => {
  it("has its placeholders replaced, and what is in single braces left alone", () => {
    const query = 'sum(x{version="{{version}}", a="{b}"}) / {{ wave }}';
    expect(placeholdersIn(query)).toEqual(["version", "wave"]);
    expect(expandQuery(query, { version: "1.0.0", wave: "5%" }, encodeURIComponent)).toBe(
      'sum(x{version="1.0.0", a="{b}"}) / 5%25',
    );
  });
});
