import { describe, expect, it } from "vitest";
import { lastScreen } from "../../local/demo/last-screen.ts";
import type { Decision, Evidence } from "../../local/demo/chain.ts";
import { areAllTrue, truths, type Findings } from "../../local/demo/truth.ts";

const WAVES = ["canary", "10%", "50%", "everyone"].map((name, index) => ({
  name,
  kind: index < 2 ? "smoke" : "evidence",
}));
type Intent = Decision["intents"][number];

const adopted: Intent = { attempt: "one", version: "1.0.0", state: "adopted", condition: "" };
const good = (wave: number, state = "running"): Intent => ({
  attempt: "two",
  version: "1.1.0",
  state,
  condition: "x",
  wave,
  release: { waves: WAVES },
});
const bad = (wave: number, state = "running"): Intent => ({
  attempt: "three",
  version: "1.2.0",
  state,
  condition: "y",
  wave,
  release: { waves: WAVES },
  targeted: { A: 21, B: 15 },
});

const smoke: Evidence = { code: "SMOKE_PASSED", k: 0, n: 6, text: "" };
const proof = (stratum: string, more: Partial<Evidence> = {}): Evidence => ({
  code: "PROVEN",
  stratum,
  k: 0,
  n: 57,
  evidence: 90,
  threshold: 20,
  text: "",
  ...more,
});
const failures: Evidence = {
  code: "FAILURES",
  stratum: "B",
  k: 5,
  n: 15,
  evidence: 5_112,
  threshold: 80,
  text: "",
};

function decision(
  kind: string,
  intent: Intent,
  below: readonly Intent[],
  guarantee?: string,
  reasons: readonly Evidence[] = [],
): Decision {
  return {
    kind,
    reason: "",
    subject: intent.attempt,
    intents: [...below, intent],
    ...(guarantee === undefined ? {} : { verdict: { guarantee, reasons } }),
  };
}

/** A demo in which everything was true; each test makes one thing false. */
function findings(
  change: {
    readonly proofs?: readonly Evidence[];
    readonly guarantee?: string;
    readonly abort?: Decision;
    readonly findings?: Partial<Findings>;
    readonly skipPromotion?: boolean;
  } = {},
): Findings {
  const { proofs = [proof("A"), proof("B")], guarantee = "statistical" } = change;
  const watched = good(3, "watching");
  const history = [
    { kind: "create", reason: "", subject: null, intents: [] },
    decision("adopt", adopted, []),
    decision("promote", good(1), [adopted], "smoke", [smoke]),
    decision("promote", good(2), [adopted], "smoke", [smoke]),
    ...(change.skipPromotion === true ? [] : [decision("promote", good(3), [adopted], guarantee, proofs)]),
    decision("complete", watched, [adopted], guarantee, proofs),
    decision("promote", bad(1), [adopted, watched], "smoke", [smoke]),
    change.abort ?? decision("abort", bad(1, "rolling back"), [adopted, watched], "statistical", [failures]),
    decision("rolled back", bad(1, "rolled back"), [adopted, watched]),
  ];
  return {
    history,
    versions: { "1.1.0": 300 },
    devices: 300,
    adoptionWrites: 0,
    harmed: 5,
    asked: 36,
    goodExit: 0,
    badExit: 3,
    ...change.findings,
  };
}

describe("the demo's truths", () => {
  it("hold for a demo in which everything was true, and for killed controllers", () => {
    expect(truths(findings()).filter(({ holds }) => !holds)).toEqual([]);
    expect(areAllTrue(truths(findings({ findings: { goodExit: undefined, badExit: undefined } })))).toBe(
      true,
    );
  });

  const abortWith = (reason: Partial<Evidence>, wave = 1, guarantee = "statistical"): Decision =>
    decision("abort", bad(wave, "rolling back"), [adopted, good(3, "watching")], guarantee, [
      { ...failures, ...reason },
    ]);

  it.each<[string, number, Parameters<typeof findings>[0]]>([
    ["adoption that wrote to a device", 1, { findings: { adoptionWrites: 1 } }],
    ["an evidence wave promoted without statistics", 2, { guarantee: "overridden" }],
    ["an evidence wave proven in one stratum only", 2, { proofs: [proof("A")] }],
    ["a proof below its threshold", 2, { proofs: [proof("A"), proof("B", { evidence: 19 })] }],
    ["a wave that was skipped", 2, { skipPromotion: true }],
    ["a good release that ended otherwise", 2, { findings: { goodExit: 4 } }],
    ["a stop by the other stratum", 3, { abort: abortWith({ stratum: "A" }) }],
    ["a stop below its threshold", 3, { abort: abortWith({ evidence: 79 }) }],
    ["a stop by the harm cap", 3, { abort: abortWith({ code: "HARM_CAP" }) }],
    ["a stop in the canary", 3, { abort: abortWith({}, 0) }],
    ["a stop without a guarantee", 3, { abort: abortWith({}, 1, "smoke") }],
    ["a bad release that got through", 3, { findings: { badExit: 0 } }],
    ["more devices asked than the two waves hold", 3, { findings: { asked: 37 } }],
    ["nobody asked", 3, { findings: { asked: 0 } }],
    ["more devices harmed than have the bad sensor lot", 3, { findings: { harmed: 6 } }],
    ["nobody harmed by what was stopped", 3, { findings: { harmed: 0 } }],
    ["a device left on the bad release", 4, { findings: { versions: { "1.1.0": 299, "1.2.0": 1 } } }],
  ])("do not hold for %s", (_, act, change) => {
    const untrue = truths(findings(change)).filter(({ holds }) => !holds);
    expect(untrue.map((truth) => truth.act)).toContain(act);
    const screen = lastScreen({
      ...findings(change),
      before: { "1.0.0": 300 },
      reportFile: ".wavegate/demo/report.html",
      dashboard: "http://127.0.0.1:4280/",
      recordsFolder: "records",
      seconds: 50,
      installSeconds: 0,
      staysUp: true,
      settingsFlag: "",
    });
    expect(screen).toContain(`NOT TRUE: act ${act}`);
    expect(screen.split("\n").length).toBeLessThanOrEqual(24);
  });

  it("are not all true when there are none, or no decision at all", () => {
    expect(areAllTrue([])).toBe(false);
    expect(areAllTrue(truths({ ...findings(), history: [] }))).toBe(false);
  });
});
