import { describe, expect, it } from "vitest";
import { annotateError, annotateProblems, ciAnnotations } from "../../../rollout/cli/ci-annotations.ts";
import type { AttemptId } from "../../../rollout/model/attempt.ts";
import { WavegateError, type Problem } from "../../../rollout/model/problem.ts";
import { makeStop } from "../../../rollout/model/stop.ts";

const GITHUB = { GITHUB_ACTIONS: "true" };
const AZURE = { TF_BUILD: "True" };

function problem(summary: string, severity: Problem["severity"] = "error"): Problem {
  return { severity, code: "WAVE_EMPTY", path: "releases/a.ts: waves[0]", summary, hint: "widen it" };
}

describe("annotations", () => {
  it("are workflow commands on GitHub, escaped as its own toolkit does", () => {
    const lines: string[] = [];
    annotateProblems(
      [problem("100% of\nnothing, ::error::x"), problem("y", "warning")],
      (line) => lines.push(line),
      GITHUB,
    );
    expect(lines).toEqual([
      "::error title=wavegate%3A WAVE_EMPTY::releases/a.ts: waves[0]: 100%25 of nothing, ::error::x; next: widen it",
    ]);
  });

  it("are logging commands in Azure Pipelines", () => {
    const lines: string[] = [];
    annotateProblems([problem("100% of nothing")], (line) => lines.push(line), AZURE);
    expect(lines).toEqual([
      "##vso[task.logissue type=error]wavegate: WAVE_EMPTY: releases/a.ts: waves[0]: 100%AZP25 of nothing; next: widen it",
    ]);
  });

  it("are nothing elsewhere", () => {
    const lines: string[] = [];
    annotateProblems([problem("x")], (line) => lines.push(line), {});
    expect(lines).toEqual([]);
  });

  it("are ten of a level at most, each once", () => {
    const lines: string[] = [];
    const many = Array.from({ length: 30 }, (_, index) => problem(`nothing ${index % 15}`));
    annotateProblems(many, (line) => lines.push(line), GITHUB);
    expect(lines).toHaveLength(10);
    expect(new Set(lines).size).toBe(10);
  });

  it("tell of an error that ends a command, with its problems", () => {
    const lines: string[] = [];
    const error = new WavegateError("PLAN_BLOCKED", "nothing was done", {
      hint: "wait",
      problems: [problem("x")],
    });
    annotateError(error, (line) => lines.push(line), GITHUB);
    expect(lines).toEqual([
      "::error title=wavegate%3A PLAN_BLOCKED::nothing was done; next: wait",
      "::error title=wavegate%3A WAVE_EMPTY::releases/a.ts: waves[0]: x; next: widen it",
    ]);
  });

  it("tell a stop once, though it is carried out and then recorded, and that a person is needed", () => {
    const lines: string[] = [];
    const observer = ciAnnotations((line) => lines.push(line), GITHUB);
    const stop = makeStop({
      ...{ kind: "halt", attempt: "fw--thermostat--1-1-0--1" as AttemptId, release: "r", nonce: "n" }, // of that form
      ...{ actor: "gate", at: "2026-01-01T00:00:00.000Z", reason: "bad" },
    });
    const step = { kind: "stop", stop, why: "bad" } as const;
    observer.onEvent("thermostat", { kind: "step", at: 0, step });
    observer.onEvent("thermostat", { kind: "step", at: 0, step });
    const status = { phase: "waiting", attempt: undefined, text: "it waits", needsPerson: true } as const;
    observer.onLookEnd("thermostat", { at: 0, status });
    observer.onLookEnd("thermostat", { at: 0, status });
    expect(lines).toEqual([
      "::error title=wavegate%3A fw--thermostat--1-1-0--1 was halted%3A its devices keep it::bad",
      "::warning title=wavegate%3A thermostat waits for a person::it waits",
    ]);
  });
});
