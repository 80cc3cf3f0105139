import { describe, expect, it } from "vitest";
import { gateStop } from "../../../rollout/engine/gate-stop.ts";
import { judgeWithoutRecord } from "../../../rollout/engine/judge-without-record.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import type { Configuration } from "../../../rollout/model/configuration.ts";
import { LABEL } from "../../../rollout/model/labels.ts";
import type { Tally } from "../../../rollout/model/look.ts";
import type { Answer } from "../../../rollout/model/question.ts";
import { digestOfRelease } from "../../../rollout/model/release.ts";
import { releaseDocument } from "../../../rollout/plan/documents.ts";
import { waveCondition } from "../../../rollout/plan/wave-condition.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import { anIntent, anObservation, RELEASE } from "./an-intent.ts";
import { inCanary, ATTEMPT, rest } from "../reconcile/in-canary.ts";

const AT = Date.UTC(2026, 5, 1);
const DECLARED = declared(aRelease("1.1.0"));
const attempt = attemptId("thermostat", "1.1.0", 1);

/** The release's configuration with its first wave open, as it would be listed. */
function exposing(changes: Partial<Configuration> = {}, strata = 2): Configuration {
  return {
    ...releaseDocument({
      ...RELEASE,
      attempt,
      digest: digestOfRelease(RELEASE),
      priority: 1_010,
      imageBase: "https://images.test",
      adopted: false,
      strata,
    }),
    condition: waveCondition(anIntent(), 0),
    etag: "e1",
    createdTimeUtc: "2026-01-01T00:00:00Z",
    metricResults: {},
    ...changes,
  };
}

function judged(
  configurations: readonly Configuration[],
  answer: Answer | undefined,
  product = DECLARED,
): ReturnType<typeof judgeWithoutRecord> {
  const { deciding } = anObservation({ intent: anIntent(), at: AT, answers: new Map() });
  const input = { declared: product, deciding, at: AT, configurations };
  const { questions } = judgeWithoutRecord({ ...input, answers: new Map() });
  const answers = new Map(answer === undefined ? [] : questions.map(({ id }) => [id, answer]));
  return judgeWithoutRecord({ ...input, answers });
}

function tallied(ok: number, failed: number, stratum = "A"): Answer {
  const byStratum: Record<string, Tally> = { [stratum]: { ok, failed, contacted: 5 } };
  return { kind: "tally", byStratum };
}

describe("the gate while the record store is silent", () => {
  it("stops a bad release by what stands on the hub and in the declarations", () => {
    const { judgements } = judged([exposing()], tallied(0, 12));
    expect(judgements).toMatchObject([
      { intent: { attempt, digest: digestOfRelease(RELEASE) }, verdict: { kind: "abort" } },
    ]);
    const observed = anObservation({ intent: anIntent(), at: AT, answers: new Map() });
    const baseline = exposing({
      id: "fw--thermostat--1-0-0--1",
      labels: { "wg-kind": "release", "wg-product": "thermostat", "wg-adopted": "yes" },
      condition: "",
      priority: 1_000,
    });
    const listing = { configurations: [exposing(), baseline] };
    const input = {
      ...observed,
      observation: { ...observed.observation, hubs: [{ name: "memory", listing }], store: undefined },
    };
    expect(gateStop(input, judgements)).toMatchObject({
      kind: "stop",
      stop: { kind: "abort", attempt, actor: "gate", release: digestOfRelease(RELEASE) },
    });
  });

  it("lets a good one stand, and never says more than hold", () => {
    const { judgements } = judged([exposing()], tallied(500, 0));
    expect(judgements).toMatchObject([{ verdict: { kind: "hold", reasons: [{ code: "INCOMPLETE" }, {}] } }]);
  });

  it("asks one tally a release, of contacts since it may have been under way", () => {
    const { questions } = judged([exposing()], undefined);
    expect(questions).toHaveLength(1);
    const since = (AT - RELEASE.gate.patienceMs - RELEASE.watchMs) / 1_000;
    expect(questions[0]?.id).toContain(`contactedAt >= ${since}`);
  });

  it.each([
    ["exposes nobody", exposing({ condition: "" })],
    [
      "is of a release that is not declared like that",
      exposing({ labels: { [LABEL.release]: "0".repeat(64) } }),
    ],
    ["is of another product", exposing({ id: "fw--boiler--1-1-0--1" })],
    ["has another's name", exposing({ id: "somebody-elses" })],
  ])("does not judge what %s", (_, configuration) => {
    expect(judged([configuration], tallied(0, 50))).toEqual({ judgements: [], questions: [] });
  });

  it("judges nothing by a query that was not answered", () => {
    expect(judged([exposing()], { kind: "failed", reason: "down" }).judgements).toEqual([]);
  });

  it("splits the budget over as many strata as its label says, and over 25 without one", () => {
    const threshold = (configuration: Configuration): unknown =>
      judged([configuration], tallied(500, 0)).judgements[0]?.verdict.reasons[1]?.threshold;
    expect(threshold(exposing())).toBe(80);
    const labels = Object.fromEntries(
      Object.entries(exposing().labels).filter(([name]) => name !== LABEL.strata),
    );
    expect(threshold(exposing({ labels }))).toBe(1_000);
    expect(threshold(exposing({ labels: { ...labels, [LABEL.strata]: "0" } }))).toBe(1_000);
    expect(threshold(exposing({}, 1))).toBe(40);
  });

  it("keeps to evidence where everyone is exposed: a settled release is not stopped by its harm cap", () => {
    const enough = tallied(100_000, RELEASE.gate.harmCap + 5);
    expect(judged([exposing()], enough).judgements[0]?.verdict.kind).toBe("abort");
    const everyone = exposing({ condition: waveCondition(anIntent(), RELEASE.waves.length - 1) });
    expect(judged([everyone], enough).judgements[0]?.verdict.kind).toBe("hold");
    expect(judged([everyone], tallied(0, 60)).judgements[0]?.verdict.kind).toBe("abort");
  });
});

describe("a release's configuration", () => {
  it("notes how many strata there were when it was created", async () => {
    const world = await inCanary();
    await rest(world);
    expect(world.configuration(ATTEMPT)?.labels[LABEL.strata]).toBe("2");
  });
});
