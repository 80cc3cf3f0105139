import { describe, expect, it } from "vitest";
import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import type { Verdict } from "../../rollout/model/verdict.ts";
import { aSmokeWave, aWave, counted, DAY, devices, GATE, HOUR } from "./a-wave.ts";

/** Kind, guarantee, then codes with their strata. */
function inShort({ kind, guarantee, reasons }: Verdict): string {
  const codes = reasons.map(({ code, stratum }) => (stratum === undefined ? code : `${code} ${stratum}`));
  return `${kind} ${guarantee}: ${codes.join(", ")}`;
}

function texts({ reasons }: Verdict): readonly string[] {
  return reasons.map(({ text }) => text);
}

describe("an evidence wave", () => {
  it("is promoted when every stratum has proven it", () => {
    const verdict = assessWave(aWave());
    expect(inShort(verdict)).toBe("promote statistical: PROVEN A, PROVEN B");
    expect(verdict.reasons[0]).toMatchObject({ view: "wave", k: 0, n: 57, threshold: 20 });
    expect(verdict.reasons[0]?.evidence).toBeCloseTo(90.219, 3);
    expect(texts(verdict)[0]).toBe(
      "0 of 57 not ok in A: evidence 90 that fewer than 10% fail, promote at 20",
    );
  });

  it("stops when one stratum fails, with the numbers", () => {
    const verdict = assessWave(aWave({ counts: counted({ A: devices(15), B: devices(15, { failed: 5 }) }) }));
    expect(inShort(verdict)).toBe("abort statistical: FAILURES B, FAILURES B");
    expect(verdict.reasons[0]).toMatchObject({ view: "cumulative", k: 5, n: 15, threshold: 80 });
    expect(texts(verdict)).toEqual([
      "5 of 15 failed in B: evidence 5,112 against at most 2%, abort at 80",
      "5 of 15 failed in B in this wave: evidence 5,112 against at most 2%, abort at 160",
    ]);
  });

  it.each<readonly [string, Partial<WaveInput>, string]>([
    [
      "a stratum is short of evidence",
      { counts: counted({ A: devices(57), B: devices(39) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "one bad device is too many for its size",
      { counts: counted({ A: devices(57), B: devices(57, { failed: 1 }) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "one bad device in a stratum large enough",
      { counts: counted({ A: devices(57), B: devices(64, { failed: 1 }) }) },
      "promote statistical: PROVEN B, PROVEN A",
    ],
    [
      "a device has no outcome yet",
      { counts: counted({ A: devices(57), B: devices(57, { unresolved: 1 }) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "devices left after they were counted",
      { counts: counted({ A: devices(57), B: { ...devices(57), ok: 50 } }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "a contact fell in no wave's view",
      { counts: counted({ A: devices(57), B: devices(57, { strays: 1 }) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "a stratum that can prove has no contacts",
      { counts: counted({ A: devices(57) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "a stratum that can prove has contacts of earlier waves only",
      { counts: counted({ A: devices(57) }, { A: devices(57), B: devices(900) }) },
      "hold statistical: SHORT_OF_EVIDENCE B",
    ],
    [
      "nothing was counted",
      { counts: counted({}) },
      "hold statistical: SHORT_OF_EVIDENCE A, SHORT_OF_EVIDENCE B",
    ],
    [
      "a stratum is too small to prove anything",
      { counts: counted({ A: devices(57), B: devices(3) }), proving: ["A"] },
      "promote statistical: PROVEN A, CANNOT_PROVE B",
    ],
    [
      "no stratum is large enough",
      { counts: counted({ A: devices(30), B: devices(30) }), proving: [] },
      "hold statistical: CANNOT_PROVE, CANNOT_PROVE A, CANNOT_PROVE B",
    ],
    [
      "there were no strata at the start",
      { counts: counted({}), strata: [] },
      "hold statistical: CANNOT_PROVE",
    ],
    [
      "silence alone is the evidence",
      { counts: counted({ A: devices(57), B: devices(57, { silent: 7 }) }) },
      "abort statistical: FAILURES B, FAILURES B",
    ],
    [
      "both strata fail: the worse one comes first",
      { counts: counted({ A: devices(15, { failed: 5 }), B: devices(15, { failed: 9 }) }) },
      "abort statistical: FAILURES B, FAILURES B, FAILURES A, FAILURES A",
    ],
    [
      "only the wave's own view shows it",
      {
        counts: counted(
          { A: devices(50, { failed: 8 }), B: devices(50) },
          { A: devices(900, { failed: 9 }), B: devices(900) },
        ),
      },
      "abort statistical: FAILURES A",
    ],
    [
      "only everyone together shows it",
      {
        counts: counted(
          { A: devices(10), B: devices(50) },
          { A: devices(60, { failed: 12 }), B: devices(900) },
        ),
      },
      "abort statistical: FAILURES A",
    ],
  ])("%s", (_, changes, expected) => {
    expect(inShort(assessWave(aWave(changes)))).toBe(expected);
  });

  it("says how many more clean devices it needs", () => {
    const counts = counted({ A: devices(57, { failed: 1, unresolved: 2 }), B: devices(39) });
    expect(texts(assessWave(aWave({ counts })))).toEqual([
      "3 of 57 not ok in A (2 without an outcome): evidence 1.3 that fewer than 10% fail, promote at 20; needs about 45 more clean devices",
      "0 of 39 not ok in B: evidence 18 that fewer than 10% fail, promote at 20; needs about 1 more clean device",
    ]);
  });

  it("tells failed devices from silent ones", () => {
    const abortText = (bad: Parameters<typeof devices>[1]): string | undefined =>
      texts(assessWave(aWave({ counts: counted({ B: devices(15, bad) }) })))[0];
    expect(abortText({ failed: 3, silent: 2 })).toMatch(/^3 failed and 2 silent of 15 in B: evidence 5,112 /);
    expect(abortText({ silent: 5 })).toMatch(/^5 of 15 fell silent in B: evidence 5,112 /);
  });

  it("writes evidence beyond all numbers as 1e308", () => {
    const verdict = assessWave(aWave({ counts: counted({ A: devices(10_000, { failed: 9_000 }) }) }));
    expect(verdict.reasons[0]?.evidence).toBe(1e308);
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });
});

describe("a timed wave", () => {
  const timed = (changes: Partial<WaveInput> = {}): Verdict =>
    assessWave(aWave({ wave: { name: "timed", kind: "timed", bakeMs: 72 * HOUR }, ...changes }));

  it.each<readonly [string, Partial<WaveInput>, string]>([
    ["its time is over", {}, "promote time-only: TIME_PASSED"],
    ["nobody made contact", { counts: counted({}) }, "promote time-only: TIME_PASSED"],
    [
      "it was never covered",
      { coverage: { contacted: 0, targeted: 9 }, bakedSinceMs: undefined },
      "promote time-only: TIME_PASSED",
    ],
    [
      "some failed, too few to stop it",
      { counts: counted({ A: devices(57, { failed: 1 }) }) },
      "promote time-only: TIME_PASSED",
    ],
    ["its time runs, covered or not", { nowMs: 71 * HOUR }, "hold time-only: BAKING"],
    ["its clock says nothing", { nowMs: NaN }, "hold time-only: BAKING"],
    [
      "the evidence is against it, whatever its time",
      { nowMs: HOUR, counts: counted({ A: devices(15, { failed: 5 }) }) },
      "abort statistical: FAILURES A",
    ],
    [
      "the harm cap is reached",
      { gate: { ...GATE, harmCap: 1 }, counts: counted({ A: devices(57, { failed: 1 }) }) },
      "abort smoke: HARM_CAP",
    ],
  ])("%s", (_, changes, expected) => {
    expect(inShort(timed(changes))).toBe(expected);
  });
});

describe("a smoke wave", () => {
  it.each<readonly [string, Partial<WaveInput>, string]>([
    ["has baked with nothing against it", {}, "promote smoke: SMOKE_PASSED"],
    ["of one device", { counts: counted({ A: devices(1) }) }, "promote smoke: SMOKE_PASSED"],
    [
      "has a failure that proves nothing",
      { counts: counted({ A: devices(5, { failed: 1 }) }) },
      "promote smoke: SMOKE_PASSED",
    ],
    [
      "has evidence against it",
      { counts: counted({ A: devices(5, { failed: 4 }) }) },
      "abort statistical: FAILURES A",
    ],
    ["has counted nobody", { counts: counted({}) }, "hold smoke: NO_CONTACT"],
    ["has counted nobody in this wave", { counts: counted({}, { A: devices(9) }) }, "hold smoke: NO_CONTACT"],
    [
      "has no device that is ok",
      { counts: counted({ A: devices(1, { failed: 1 }) }) },
      "hold smoke: SHORT_OF_EVIDENCE",
    ],
    ["is still baking", { nowMs: 75 * HOUR }, "hold smoke: BAKING"],
    ["is not covered", { coverage: { contacted: 4, targeted: 5 } }, "hold smoke: COVERAGE"],
  ])("%s", (_, changes, expected) => {
    expect(inShort(assessWave(aSmokeWave(changes)))).toBe(expected);
  });

  it("is not stopped by the wave's own view, which has no share of the budget", () => {
    const counts = counted({ A: devices(9, { failed: 6 }) }, { A: devices(900, { failed: 9 }) });
    expect(inShort(assessWave(aSmokeWave({ counts })))).toBe("promote smoke: SMOKE_PASSED");
  });
});

describe("before a wave can be judged", () => {
  it.each<readonly [string, Partial<WaveInput>, string, string]>([
    [
      "nobody is targeted",
      { coverage: { contacted: 0, targeted: 0 } },
      "NO_CONTACT",
      'wave "10%" targets no recently active device',
    ],
    [
      "nobody made contact",
      { coverage: { contacted: 0, targeted: 9 } },
      "NO_CONTACT",
      'none of 9 devices of wave "10%" made contact yet',
    ],
    [
      "too few made contact",
      { coverage: { contacted: 89, targeted: 100 } },
      "COVERAGE",
      '89 of 100 devices of wave "10%" made contact; 90% are needed',
    ],
    ["the bake is not over", { nowMs: 75 * HOUR }, "BAKING", 'wave "10%" bakes for another 1 hour'],
    ["the bake never began", { bakedSinceMs: undefined }, "BAKING", 'wave "10%" bakes for another 3 days'],
    ["the clock went back", { nowMs: 3 * HOUR }, "BAKING", 'wave "10%" bakes for another 3 days'],
    [
      "the bake is that of an earlier wave",
      { openedAtMs: 70 * HOUR },
      "BAKING",
      'wave "10%" bakes for another 2.6 days',
    ],
    [
      "coverage is no number",
      { coverage: { contacted: Number.NaN, targeted: 9 } },
      "NO_CONTACT",
      'none of 9 devices of wave "10%" made contact yet',
    ],
  ])("%s: it holds", (_, changes, code, text) => {
    const { kind, reasons } = assessWave(aWave(changes));
    expect(kind).toBe("hold");
    expect(reasons[0]?.code).toBe(code);
    expect(reasons[0]?.text).toBe(text);
  });

  it("promotes at the very end of the bake and at exactly the coverage asked for", () => {
    const coverage = { contacted: 90, targeted: 100 };
    expect(assessWave(aWave({ nowMs: 76 * HOUR, coverage })).kind).toBe("promote");
    expect(assessWave(aWave({ nowMs: 76 * HOUR - 1, coverage })).kind).toBe("hold");
  });

  it("stops all the same when devices fail", () => {
    const counts = counted({ A: devices(15, { failed: 5 }) });
    const early = { counts, coverage: { contacted: 0, targeted: 0 }, bakedSinceMs: undefined, nowMs: 1 };
    expect(assessWave(aWave(early)).kind).toBe("abort");
  });
});

describe("patience", () => {
  const short = counted({ A: devices(57), B: devices(30) });

  it("ends: a person is asked, before anything else is said", () => {
    const verdict = assessWave(aWave({ counts: short, nowMs: 15 * DAY }));
    expect(inShort(verdict)).toBe("hold statistical: PATIENCE, SHORT_OF_EVIDENCE B");
    expect(texts(verdict)[0]).toBe(
      'wave "10%" is undecided after 15 days, its patience was 14 days: a person has to decide',
    );
  });

  it("ends for a wave that nobody answers, too", () => {
    const coverage = { contacted: 0, targeted: 9 };
    expect(inShort(assessWave(aWave({ coverage, nowMs: 15 * DAY })))).toBe(
      "hold statistical: PATIENCE, NO_CONTACT",
    );
  });

  it("lasts as long as declared", () => {
    expect(inShort(assessWave(aWave({ counts: short, nowMs: 14 * DAY })))).toBe(
      "hold statistical: SHORT_OF_EVIDENCE B",
    );
  });

  it("is not tried by a bake, which goes as declared", () => {
    const verdict = assessWave(aWave({ nowMs: 15 * DAY, bakedSinceMs: 13 * DAY }));
    expect(verdict).toMatchObject({ kind: "hold", reasons: [{ code: "BAKING" }, {}, {}] });
    expect(verdict.reasons.map(({ code }) => code)).not.toContain("PATIENCE");
  });

  it("does not stand in the way of a promotion or a stop", () => {
    expect(assessWave(aWave({ nowMs: 15 * DAY })).kind).toBe("promote");
    expect(
      assessWave(aWave({ nowMs: 15 * DAY, counts: counted({ A: devices(15, { failed: 5 }) }) })).kind,
    ).toBe("abort");
  });
});

describe("the harm cap", () => {
  const gate = { ...GATE, harmCap: 50 };
  const counts = (failed: number): WaveInput["counts"] =>
    counted(
      { A: devices(57), B: devices(57) },
      { A: devices(9_000, { failed, silent: 10 }), B: devices(9_000, { failed: 20 }) },
    );

  it("stops at failed and silent devices of all strata together, and claims no error rate", () => {
    const verdict = assessWave(aWave({ gate, counts: counts(20) }));
    expect(inShort(verdict)).toBe("abort smoke: HARM_CAP");
    expect(verdict.reasons[0]).toMatchObject({ k: 50, n: 18_000 });
    expect(texts(verdict)).toEqual(["40 failed and 10 silent devices: the harm cap is 50"]);
    expect(assessWave(aWave({ gate, counts: counts(19) })).kind).toBe("promote");
  });

  it("comes after the evidence where both stop a release", () => {
    const all = counted({ A: devices(100, { failed: 60 }) });
    expect(inShort(assessWave(aWave({ gate, counts: all })))).toBe(
      "abort statistical: FAILURES A, FAILURES A, HARM_CAP",
    );
  });
});

describe("strata that were not there at the start", () => {
  const late = counted({ A: devices(57), B: devices(57), C: devices(30, { failed: 30 }) });

  it("have no share of the budget: the harm cap counts them and the verdict names them", () => {
    const verdict = assessWave(aWave({ counts: late }));
    expect(inShort(verdict)).toBe("promote statistical: PROVEN A, PROVEN B, CANNOT_PROVE other");
    expect(texts(verdict).at(-1)).toBe("devices of C came after the start: they count for the harm cap only");
    expect(inShort(assessWave(aWave({ counts: late, gate: { ...GATE, harmCap: 30 } })))).toBe(
      "abort smoke: HARM_CAP",
    );
  });

  it("are judged as `other` when that had devices", () => {
    const verdict = assessWave(aWave({ counts: late, strata: ["A", "B", "other"], proving: ["A", "B"] }));
    expect(inShort(verdict)).toBe("abort statistical: FAILURES other, FAILURES other");
    expect(verdict.reasons[0]).toMatchObject({ k: 30, n: 30 });
  });

  it("share `other` with the devices that were in it", () => {
    const counts = counted({
      A: devices(57),
      C: devices(30),
      D: devices(20, { failed: 1 }),
      other: devices(14),
    });
    const verdict = assessWave(aWave({ counts, strata: ["A", "other"] }));
    expect(verdict.reasons.find(({ stratum }) => stratum === "other")).toMatchObject({
      code: "PROVEN",
      k: 1,
      n: 64,
    });
  });

  it("are judged as `other` when there was no device at all at the start", () => {
    const counts = counted({ C: devices(30, { failed: 30 }) });
    const verdict = assessWave(
      aWave({ counts, strata: [], thresholds: thresholds({ ...GATE, strata: 1, evidenceWaves: 2 }) }),
    );
    expect(inShort(verdict)).toBe("abort statistical: FAILURES other, FAILURES other");
  });
});

describe("a watched release", () => {
  const watched = {
    gate: GATE,
    strata: ["A", "B"],
    thresholds: thresholds({ ...GATE, strata: 2, evidenceWaves: 2 }),
  };

  it("holds while nothing speaks against it, and says how near it is", () => {
    const verdict = assessWatched({
      ...watched,
      counts: counted({}, { A: devices(900, { failed: 27 }), B: devices(57) }),
    });
    expect(inShort(verdict)).toBe("hold statistical: SHORT_OF_EVIDENCE A");
    expect(texts(verdict)[0]).toBe(
      "nothing against it: evidence is at most 0.86 (27 of 900 failed or silent in A), abort at 80",
    );
    expect(inShort(assessWatched({ ...watched, counts: counted({}) }))).toBe(
      "hold statistical: SHORT_OF_EVIDENCE",
    );
  });

  it("is stopped by everyone it has reached, never by one wave's view", () => {
    const failing = { A: devices(15, { failed: 5 }) };
    expect(inShort(assessWatched({ ...watched, counts: counted({}, failing) }))).toBe(
      "abort statistical: FAILURES A",
    );
    expect(
      assessWatched({ ...watched, counts: counted(failing, { A: devices(900, { failed: 5 }) }) }).kind,
    ).toBe("hold");
  });

  it("is stopped by the harm cap", () => {
    const gate = { ...GATE, harmCap: 18 };
    const verdict = assessWatched({
      ...watched,
      gate,
      counts: counted({}, { A: devices(900, { failed: 18 }) }),
    });
    expect(inShort(verdict)).toBe("abort smoke: HARM_CAP");
  });
});
