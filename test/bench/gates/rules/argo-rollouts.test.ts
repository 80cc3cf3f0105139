import { describe, expect, it } from "vitest";
import {
  ARGO_EXAMPLE,
  argoRollouts,
  assessMetric,
  NOTHING_MEASURED,
} from "../../../../bench/gates/rules/argo-rollouts.ts";
import { seen, shown } from "./seen.ts";

const BAD = shown(seen({ targeted: 100, ok: 94, failed: 6 }));
const GOOD = shown(seen({ targeted: 100, ok: 95, failed: 5 }));
const EMPTY = shown(seen({ targeted: 100, contacted: 0 }));

describe("Argo Rollouts' rule, with the example of its documentation", () => {
  it("fails a measurement below 95%, and aborts after more of them than failureLimit", () => {
    const judge = argoRollouts(ARGO_EXAMPLE).start();
    expect([BAD, BAD, GOOD, BAD, BAD].map((look) => judge(look))).toEqual(["go", "go", "go", "go", "stop"]);
  });

  it("assesses a metric as its own test does: 3 failed are over a limit of 2, within one of 3", () => {
    // analysis/analysis_test.go `TestAssessMetricStatusFailureLimit`.
    const result = { ...NOTHING_MEASURED, failed: 3 };
    expect(assessMetric(result, { ...ARGO_EXAMPLE, failureLimit: 2 })).toBe("Failed");
    expect(assessMetric(result, { ...ARGO_EXAMPLE, failureLimit: 3 })).toBe("Running");
  });

  it("takes more than four errors in a row for an error of the run, and forgets those before a result", () => {
    const judge = argoRollouts(ARGO_EXAMPLE).start();
    const looks = [EMPTY, EMPTY, EMPTY, EMPTY, GOOD, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY];
    expect(looks.map((look) => judge(look)).indexOf("stop")).toBe(9);
  });

  it("never counts silence", () => {
    const judge = argoRollouts({ ...ARGO_EXAMPLE, failureLimit: 0 }).start();
    expect(judge(shown(seen({ targeted: 100, ok: 10, silent: 90 })))).toBe("go");
  });
});
