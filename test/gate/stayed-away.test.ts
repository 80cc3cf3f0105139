import { describe, expect, it } from "vitest";
import { assessWave } from "../../rollout/gate/assess.ts";
import { binomialSf } from "../../rollout/gate/intervals/binomial.ts";
import type { WaveInput } from "../../rollout/gate/gate-input.ts";
import { aWave, counted, DAY, devices, GATE } from "./a-wave.ts";

/** 100 devices a stratum were recently active; the gate wants 90% of them. */
const CONTACT = { added: { A: 100, B: 100 }, idle: 0, checkInsMs: 14 * DAY };

/** A wave that is proven, 14 days after it opened, when so many of each stratum have made contact. */
function aLateWave(
  contacts: { readonly A: number; readonly B: number },
  changes: Partial<WaveInput> = {},
): WaveInput {
  return aWave({
    counts: counted({ A: devices(contacts.A), B: devices(contacts.B) }),
    coverage: { contacted: 190, targeted: 200 },
    nowMs: 14 * DAY,
    gate: { ...GATE, patienceMs: 60 * DAY },
    contact: CONTACT,
    ...changes,
  });
}

describe("devices that stay away", () => {
  it("hold a wave that would be promoted, with their numbers", () => {
    const { kind, reasons } = assessWave(aLateWave({ A: 100, B: 70 }));
    expect(kind).toBe("hold");
    expect(reasons[0]).toEqual({
      code: "STAYED_AWAY",
      stratum: "B",
      view: "wave",
      text: "no contact from 30 of 100 (30%) recently active devices of B in 14 days, two check-ins; 10% would be plausible: a person has to find out why",
    });
    expect(assessWave(aLateWave({ A: 100, B: 70 }, { contact: undefined })).kind).toBe("promote");
  });

  it("hold waves of every kind", () => {
    for (const kind of ["smoke", "evidence", "timed"] as const)
      expect(assessWave(aLateWave({ A: 100, B: 70 }, { wave: { name: "w", kind, bakeMs: 0 } })).kind).toBe(
        "hold",
      );
  });

  it("say nothing before two check-ins are over, nor where coverage leaves room for them", () => {
    expect(assessWave(aLateWave({ A: 100, B: 70 }, { nowMs: 14 * DAY - 1 })).kind).toBe("promote");
    expect(assessWave(aLateWave({ A: 90, B: 90 })).kind).toBe("promote");
  });

  it("hold from the number on that is implausible at the level of the false stop, split over the strata", () => {
    const least = Array.from({ length: 100 }, (_, index) => index + 1).find(
      (away) => binomialSf({ k: away - 1, n: 100, p: 0.1 }) <= GATE.falseStop / 2,
    )!;
    expect(assessWave(aLateWave({ A: 100, B: 100 - least + 1 })).kind).toBe("promote");
    expect(assessWave(aLateWave({ A: 100, B: 100 - least })).kind).toBe("hold");
  });

  it("are not those that answered and had nothing to do, nor those with a wrong clock", () => {
    expect(assessWave(aLateWave({ A: 100, B: 70 }, { contact: { ...CONTACT, idle: 20 } })).kind).toBe(
      "promote",
    );
    const strays = counted({ A: devices(100), B: devices(70, { strays: 20 }) });
    expect(assessWave(aLateWave({ A: 100, B: 70 }, { counts: strays })).reasons[0]?.code).not.toBe(
      "STAYED_AWAY",
    );
  });

  it("never stop a release, and keep no stop from happening", () => {
    expect(assessWave(aLateWave({ A: 0, B: 0 })).kind).toBe("hold");
    const failing = counted({ A: devices(100), B: devices(15, { failed: 5 }) });
    expect(assessWave(aLateWave({ A: 100, B: 15 }, { counts: failing })).kind).toBe("abort");
  });

  it("are one more than none where a gate wants everyone: a hundredth of a fleet goes dark by itself", () => {
    const gate = { ...GATE, coverage: 1, patienceMs: 60 * DAY };
    const coverage = { contacted: 200, targeted: 200 };
    expect(assessWave(aLateWave({ A: 99, B: 99 }, { gate, coverage })).kind).toBe("promote");
    expect(assessWave(aLateWave({ A: 100, B: 95 }, { gate, coverage })).reasons[0]?.code).toBe("STAYED_AWAY");
  });
});
