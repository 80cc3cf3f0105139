import { describe, expect, it } from "vitest";
import type { Answers } from "../../../../rollout/model/question.ts";
import type { RiskFacts } from "../../../../rollout/plan/risks/risk-facts.ts";
import { LINT_RULES } from "../../../../rollout/plan/risks/lint-rules.ts";
import { riskProblems } from "../../../../rollout/plan/risks/risk-problems.ts";
import type { SizedRelease } from "../../../../rollout/plan/product-plan.ts";
import { CODES, type Code } from "../../../../rollout/model/problem.ts";
import { percent, ring, type ReleaseDeclaration } from "../../../../rollout/wavegate.ts";
import { aSizedRelease, type Sizes } from "./a-sized-release.ts";

const FACTS: RiskFacts = { now: 1_767_225_600_000, lookEveryMs: 300_000, queryLagMs: 1_800_000, history: [] };
const A_WEEK_AGO = new Date(FACTS.now - 7 * 86_400_000).toISOString().slice(0, 10);
/** Every device was seen within the deadline, unless said otherwise. */
const SEEN: Readonly<Record<string, number>> = { A: 1_000 };

type GateMetrics = NonNullable<ReleaseDeclaration["gate"]["metrics"]>;

interface Found {
  readonly codes: readonly Code[];
  readonly text: string;
}

/** What the rules say; the two counts of check-ins are answered by `week` and `deadline`. */
function risksOf(
  planned: SizedRelease,
  {
    facts = FACTS,
    week = SEEN,
    deadline = week,
  }: { facts?: RiskFacts; week?: typeof SEEN; deadline?: typeof SEEN } = {},
): Found {
  const input = { planned, facts };
  const first = riskProblems(input, new Map());
  const answers: Answers =
    first.kind !== "ask"
      ? new Map()
      : new Map(
          first.questions.map(({ id }) => [
            id,
            { kind: "count" as const, byStratum: id.includes(A_WEEK_AGO) ? week : deadline },
          ]),
        );
  const asked = riskProblems(input, answers);
  if (asked.kind !== "known") throw new Error(asked.kind);
  for (const problem of asked.value) expect(problem.severity).toBe("warning");
  return {
    codes: asked.value.map(({ code }) => code),
    text: asked.value.map(({ path, summary, hint }) => `${path}: ${summary}; ${hint}`).join("\n"),
  };
}

const SMOKE_THEN_ALL: Partial<ReleaseDeclaration> = {
  waves: [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    { name: "everyone", cohort: percent(100) },
  ],
};
const THREE_WAVES: Sizes = [{ A: 60 }, { A: 500 }, { A: 1_000 }];
const CLEAN = aSizedRelease(THREE_WAVES, { gate: { harmCap: 60 } });

describe("lint of a release on its fleet", () => {
  it("has nothing to say of a release that leaves nothing to say", () => {
    expect(risksOf(CLEAN)).toEqual({ codes: [], text: "" });
  });

  it("L01: a first wave that misses a gross defect more often than not, with its exact chance", () => {
    const small = aSizedRelease([{ A: 5 }, { A: 500 }, { A: 1_000 }], { gate: { harmCap: 60 } });
    const { codes, text } = risksOf(small);
    expect(codes).toContain("SMOKE_TOO_SMALL");
    // 0.9^5, and the least n with 0.9^n <= 5%.
    expect(text).toMatch(/5 devices show no failure with a chance of 59.05%.*take 29 devices/);
    expect(
      risksOf(aSizedRelease([{ A: 7 }, { A: 500 }, { A: 1_000 }], { gate: { harmCap: 60 } })).codes,
    ).not.toContain("SMOKE_TOO_SMALL");
  });

  it("L02: an evidence wave without room for a good release's failures, and a size with room", () => {
    const gate = { tolerate: "1%", reject: "5%", harmCap: 60 } as const;
    const tight = aSizedRelease([{ A: 60 }, { A: 160 }, { A: 1_000 }], { gate });
    const { codes, text } = risksOf(tight);
    expect(codes).toEqual(["WAVE_MAY_STICK"]);
    // 1 - 0.995^100: all of 100 devices must be clean.
    expect(text).toMatch(
      /at most 0 bad of 100 in A: a good release \(0.5% fail\) .* chance of 39.42%; take 207 devices/,
    );
    expect(risksOf(aSizedRelease([{ A: 60 }, { A: 360 }, { A: 1_000 }], { gate })).codes).toEqual([]);
  });

  it("L04: devices that check in more seldom than the deadline, by stratum", () => {
    const { codes, text } = risksOf(CLEAN, { week: { A: 800, B: 200 }, deadline: { A: 799, B: 150 } });
    expect(codes).toEqual(["DEADLINE_SHORT"]);
    expect(text).toMatch(/50 of 200 in B for 3 hours: about 5% look silent .* 2% are tolerated/);
  });

  it("L04: counts a device as seen while it is connected, however long it has said nothing", () => {
    const asked = riskProblems({ planned: CLEAN, facts: FACTS }, new Map());
    if (asked.kind !== "ask") throw new Error(asked.kind);
    const texts = asked.questions
      .map((question) => JSON.stringify(question))
      .filter((text) => text.includes("lastActivityTime"));
    expect(texts).toHaveLength(2);
    for (const text of texts)
      expect(text).toMatch(/\(lastActivityTime >= '[^']+' OR connectionState = 'Connected'\)/);
  });

  it("L04: asks nothing where the deadline is longer than a week, and holds no plan up where the hub is silent", () => {
    const patient = aSizedRelease(THREE_WAVES, { gate: { harmCap: 60, deadline: "8 days", bake: "8 days" } });
    expect(riskProblems({ planned: patient, facts: FACTS }, new Map()).kind).toBe("known");
    const asked = riskProblems({ planned: CLEAN, facts: FACTS }, new Map());
    if (asked.kind !== "ask") throw new Error(asked.kind);
    const failed: Answers = new Map(asked.questions.map(({ id }) => [id, { kind: "failed", reason: "429" }]));
    expect(riskProblems({ planned: CLEAN, facts: FACTS }, failed)).toEqual({ kind: "known", value: [] });
  });

  it("L05: a harm cap that stops a good release, and the cap that does not", () => {
    const { codes, text } = risksOf(aSizedRelease(THREE_WAVES, { gate: { harmCap: 20 } }));
    expect(codes).toEqual(["CAP_STOPS_GOOD"]);
    // pbinom(19, 1000, .02, lower.tail = FALSE) = 0.5306, and of 28: 0.0329; of 27: 0.0510.
    expect(text).toMatch(/20 fail where 2% do.*cap of 20 .* chance of 53.06%; raise harmCap to 29/);
    expect(risksOf(aSizedRelease(THREE_WAVES, { gate: { harmCap: 29 } })).codes).toEqual([]);
  });

  it("L07: rates too close, with the exact mean numbers of devices", () => {
    const gate = { tolerate: "2%", reject: "5%", harmCap: 60 } as const;
    const { codes, text } = risksOf(
      aSizedRelease([{ A: 60 }, { A: 3_000 }, { A: 9_000 }], { gate: { ...gate, harmCap: 400 } }),
    );
    expect(codes).toEqual(["RATES_TOO_CLOSE"]);
    expect(text).toMatch(/between 2% and 5% the gate needs \d{3} and \d{3} devices.*reject: "6%"/);
    const high = { tolerate: "40%", reject: "60%", harmCap: 9_000 } as const;
    expect(risksOf(aSizedRelease([{ A: 60 }, { A: 3_000 }, { A: 9_000 }], { gate: high })).text).toMatch(
      /put them apart by a factor of 3: tolerate: "20%"$/m,
    );
  });

  it("L07: a tolerance below what earlier releases showed, the worst of them named", () => {
    const history = [
      { version: "1.0.2", failed: 10, contacted: 1_000 },
      { version: "1.0.1", failed: 21, contacted: 1_000 },
      { version: "1.0.0", failed: 0, contacted: 0 },
    ];
    const { codes, text } = risksOf(CLEAN, { facts: { ...FACTS, history } });
    expect(codes).toEqual(["TOLERATE_BELOW_HISTORY"]);
    expect(text).toMatch(/1.0.1 failed on 21 of 1000 devices \(2.1%\)/);
    expect(risksOf(CLEAN, { facts: { ...FACTS, history: history.slice(0, 1) } }).codes).toEqual([]);
  });

  it("L08: a stratum that is first seen in the last wave", () => {
    const late = [
      { A: 60, D: 0 },
      { A: 500, D: 1 },
      { A: 1_000, D: 500 },
    ];
    const { codes, text } = risksOf(aSizedRelease(late, { gate: { harmCap: 60 } }), { week: { A: 1_500 } });
    expect(codes).toContain("STRATUM_LATE");
    expect(text).toMatch(/499 of the 500 devices of D \(99.8%\) .*atLeast\(40\).per\("stratum"\)/);
    const tiny = [
      { A: 60, D: 0 },
      { A: 500, D: 1 },
      { A: 1_000, D: 9 },
    ];
    expect(risksOf(aSizedRelease(tiny, { gate: { harmCap: 60 } })).codes).not.toContain("STRATUM_LATE");
  });

  it("L09: a wave of which one site holds much, where the fleet says what a site is", () => {
    const input = { planned: CLEAN, facts: { ...FACTS, site: "tags.site" } };
    const first = riskProblems(input, new Map());
    if (first.kind !== "ask") throw new Error(first.kind);
    const bySite = first.questions.filter(({ id }) => id.includes("GROUP BY tags.site"));
    expect(bySite).toHaveLength(2);
    const answers: Answers = new Map(
      first.questions.map(({ id }) => {
        const byStratum = bySite.some((one) => one.id === id) ? { oslo: 13, rome: 40, lima: 7 } : SEEN;
        return [id, { kind: "count" as const, byStratum }];
      }),
    );
    const asked = riskProblems(input, answers);
    if (asked.kind !== "known") throw new Error(asked.kind);
    expect(asked.value.map(({ code, path }) => `${code} ${path.split(": ").at(-1) ?? ""}`)).toEqual([
      "WAVE_CLUSTERED canary",
      "WAVE_CLUSTERED half",
    ]);
    expect(asked.value[0]?.summary).toMatch(/40 of its 60 devices \(66.67%\) have tags.site = 'rome'/);
  });

  it("L10: more devices than a look can save, until the wave opens in as many parts as the hint says", () => {
    const waves = (parts?: number): ReleaseDeclaration["waves"] => [
      {
        name: "first",
        cohort: percent(10),
        kind: "smoke",
        ...(parts === undefined ? {} : { pace: { parts, every: "1 hour" } }),
      },
      { name: "half", cohort: percent(50) },
      { name: "everyone", cohort: percent(100) },
    ];
    const sizes = [{ A: 1_000 }, { A: 5_000 }, { A: 10_000 }];
    const gate = { harmCap: 100, tolerate: "0.5%", reject: "10%" } as const;
    const { codes, text } = risksOf(aSizedRelease(sizes, { waves: waves(), gate }));
    expect(codes).toEqual(["STOP_TOO_LATE"]);
    expect(text).toMatch(
      /1,000 devices may take it within 40 minutes.*harms 200, .*pace: \{ parts: 2, every: "1 hour" \}/,
    );
    expect(risksOf(aSizedRelease(sizes, { waves: waves(2), gate })).text).not.toMatch(/waves: first/);
    // A day and 35 minutes are more than the "1 day" that people read.
    const seldom = { ...FACTS, lookEveryMs: 24 * 3_600_000 };
    expect(risksOf(aSizedRelease(sizes, { waves: waves(), gate }), { facts: seldom }).text).toMatch(
      /waves: first: .*pace: \{ parts: 2, every: "25 hours" \}/,
    );
  });

  it("L12: a budget that many tests share, with what it costs in failures", () => {
    const strata = Object.fromEntries(
      ["A", "B", "C", "D", "E", "F", "G", "H", "I"].map((name) => [name, 1_000]),
    );
    const share = (part: number): Record<string, number> =>
      Object.fromEntries(Object.entries(strata).map(([name, all]) => [name, all * part]));
    const { codes, text } = risksOf(
      aSizedRelease([share(0.06), share(0.5), strata], { gate: { harmCap: 300 } }),
      { week: strata },
    );
    expect(codes).toContain("BUDGET_THIN");
    expect(text).toMatch(
      /36 tests share it: a wave stops at evidence 720 instead of 20, .* rise from \d+ to \d+ of 50, /,
    );
  });

  it("L13: a percentage that is one device, and a last wave many times what was tried", () => {
    const waves: ReleaseDeclaration["waves"] = [
      { name: "1%", cohort: percent(1), kind: "smoke" },
      { name: "everyone", cohort: percent(100) },
    ];
    const { codes, text } = risksOf(aSizedRelease([{ A: 1 }, { A: 100 }], { waves, gate: { harmCap: 20 } }));
    expect(codes).toEqual(expect.arrayContaining(["WAVE_OF_ONE", "LAST_STEP_WIDE"]));
    expect(text).toMatch(/adds 99 devices after 1 were tried: 99 times as many.*a wave of about 10 devices/);
  });

  it("L14: a harm cap above the fleet", () => {
    const { codes, text } = risksOf(
      aSizedRelease([{ A: 60 }, { A: 90 }], { ...SMOKE_THEN_ALL, gate: { harmCap: 91 } }),
    );
    expect(codes).toContain("CAP_ABOVE_FLEET");
    expect(text).toMatch(/reaches 90 devices: a cap of 91 never stops it/);
  });

  it("L06: a rate whose total is not that of the rollout's devices", () => {
    const metric = (total: string): GateMetrics => [
      {
        name: "crashes",
        source: "fleet",
        query: { bad: "crashed{{attempt}}", total },
        judge: { kind: "binomial", tolerate: "1%" },
        freshness: "1 hour",
      },
    ];
    const gate = { harmCap: 60 } as const;
    const loose = risksOf(aSizedRelease(THREE_WAVES, { gate: { ...gate, metrics: metric("all") } }));
    expect(loose.codes).toEqual(["TOTAL_UNKNOWN"]);
    expect(loose.text).toMatch(/gate: metrics: crashes: its total names neither/);
    const tied = aSizedRelease(THREE_WAVES, { gate: { ...gate, metrics: metric("seen{{attempt}}") } });
    expect(risksOf(tied).codes).toEqual([]);
  });

  it("L11: a hold-out too small to compare with, and the share that is not", () => {
    const metrics: GateMetrics = [
      {
        name: "restarts",
        source: "fleet",
        query: { treated: "a", treatedExposure: "b", control: "c", controlExposure: "d" },
        judge: { kind: "rate ratio", tolerate: 1.2 },
        freshness: "1 hour",
      },
    ];
    const held = (holdOut: `${number}%`): SizedRelease =>
      aSizedRelease(THREE_WAVES, { holdOut, gate: { harmCap: 60, metrics } });
    const { codes, text } = risksOf(held("2%"));
    expect(codes).toEqual(["CONTROL_SMALL"]);
    expect(text).toMatch(/2% of 1000 devices are 20: restarts .*hold out 10%/);
    expect(risksOf(held("10%")).codes).toEqual([]);
  });

  it("L15: a single measurement that stops a release; in shadow it stops nothing", () => {
    const limit = (more: Partial<GateMetrics[number]>, failures?: number): GateMetrics => [
      {
        name: "heat",
        source: "fleet",
        query: "max(heat)",
        judge: { kind: "limit", above: 80, ...(failures === undefined ? {} : { failures }) },
        freshness: "1 hour",
        ...more,
      },
    ];
    const codesOf = (metrics: GateMetrics): readonly Code[] =>
      risksOf(aSizedRelease(THREE_WAVES, { gate: { harmCap: 60, metrics } })).codes;
    expect(codesOf(limit({}))).toEqual(["ONE_MEASUREMENT"]);
    expect(codesOf(limit({}, 3))).toEqual([]);
    expect(codesOf(limit({ mode: "shadow" }))).toEqual([]);
  });

  it("says nothing of a fleet without devices: the plan has an error for that", () => {
    expect(
      riskProblems({ planned: aSizedRelease([{ A: 0 }, { A: 0 }, { A: 0 }]), facts: FACTS }, new Map()),
    ).toEqual({
      kind: "known",
      value: [],
    });
  });
});

describe("the rules of the lint", () => {
  it("are told from L01 to L17, and name only codes there are", () => {
    expect([...new Set(LINT_RULES.map(({ rule }) => Number(rule.slice(1))))]).toEqual(
      Array.from({ length: 17 }, (_, index) => index + 1),
    );
    for (const { meaning } of LINT_RULES)
      for (const [, code] of meaning.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g))
        expect(Object.keys(CODES)).toContain(code);
  });
});
