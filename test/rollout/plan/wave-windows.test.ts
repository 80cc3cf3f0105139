import { describe, expect, it } from "vitest";
import { BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import type { Answer } from "../../../rollout/model/question.ts";
import { parseRelease } from "../../../rollout/model/release.ts";
import type { Exposable } from "../../../rollout/plan/reach.ts";
import { narrowestWindows, windowsUpTo } from "../../../rollout/plan/wave-windows.ts";
import { widthForDevices } from "../../../rollout/plan/window-width.ts";
import { atLeast, devices, percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

const { release } = parseRelease(
  aRelease("2.0.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "hundred", cohort: devices(100), kind: "smoke" },
      { name: "strata", cohort: atLeast(100).per("stratum"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
  "r.ts",
);
if (release === undefined) throw new Error("the builder's release is wrong");
const OF: Exposable = { release, priority: 1_010, windows: {} };
const ALL = { from: 0, to: 3 };

/** The windows when every count has this answer. */
function windows(answer: Answer, of = OF, range = ALL): ReturnType<typeof windowsUpTo> {
  const first = windowsUpTo(of, range, new Map());
  const questions = first.kind === "ask" ? first.questions : [];
  return windowsUpTo(of, range, new Map(questions.map(({ id }) => [id, answer])));
}

describe("windows made from counts", () => {
  const byStratum = { A: 800, B: 60, "Rev C": 40, empty: 0 };

  it("are made for the whole fleet, or for each stratum that a condition can name", () => {
    expect(windows({ kind: "count", byStratum })).toEqual({
      kind: "known",
      value: {
        hundred: { "*": widthForDevices(100, 900) },
        strata: { A: widthForDevices(100, 800), B: BUCKET_COUNT },
      },
    });
  });

  it("stay as they were frozen, whatever is counted now", () => {
    const frozen = { hundred: { "*": 7 } };
    const asked = windows({ kind: "count", byStratum }, { ...OF, windows: frozen });
    expect(asked).toMatchObject({ kind: "known", value: frozen });
  });

  it("are asked for nobody when the waves have none, or all are frozen", () => {
    const none = windowsUpTo(OF, { from: 3, to: 3 }, new Map());
    expect(none).toEqual({ kind: "known", value: {} });
    const frozen = { hundred: { "*": 7 }, strata: { A: 9 } };
    expect(windowsUpTo({ ...OF, windows: frozen }, ALL, new Map())).toEqual({ kind: "known", value: frozen });
  });

  it("are not made from an answer that is missing, or that counts nobody", () => {
    expect(windows({ kind: "failed", reason: "timed out" })).toEqual({ kind: "failed", reason: "timed out" });
    expect(windows({ kind: "count", byStratum: {} })).toEqual({ kind: "known", value: undefined });
    expect(narrowestWindows(OF.release)).toEqual({ hundred: { "*": 1 }, strata: { other: 1 } });
  });
});
