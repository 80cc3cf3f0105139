import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { countsOf } from "../../rollout/gate/counts.ts";
import type { StratumCounts } from "../../rollout/model/stratum-counts.ts";
import type { Look, Tally } from "../../rollout/model/look.ts";

const HOUR = 3_600_000;
const DEADLINE = { deadlineMs: 4 * HOUR, queryLagMs: HOUR };

type Numbers = readonly [ok: number, failed: number, contacted: number];
type View = Readonly<Record<string, Numbers>>;

/** One look, by the hour; the wave's view is that of everyone unless it says otherwise. */
function lookAt(hour: number, all: View, { wave = 0, own = all }: { wave?: number; own?: View } = {}): Look {
  const tallies = (view: View): Record<string, Tally> =>
    Object.fromEntries(
      Object.entries(view).map(([stratum, [ok, failed, contacted]]) => [stratum, { ok, failed, contacted }]),
    );
  return { at: hour * HOUR, wave, views: { all: tallies(all), wave: tallies(own) }, answered: 0 };
}

function cumulative(looks: readonly Look[], stratum = "A"): StratumCounts | undefined {
  return countsOf({ looks, ...DEADLINE }).cumulative.get(stratum);
}

describe("counting devices from looks", () => {
  it("takes outcomes from the fresh look and contacts from the look that saw most", () => {
    const looks = [lookAt(0, { A: [3, 1, 6] }), lookAt(1, { A: [7, 2, 3] }), lookAt(2, { A: [5, 2, 1] })];
    expect(cumulative(looks)).toEqual({ ok: 5, failed: 2, unresolved: 1, most: 12, silent: 0, strays: 0 });
  });

  it("knows the fresh look by its time, not by its place", () => {
    const looks = [lookAt(2, { A: [5, 0, 0] }), lookAt(0, { A: [1, 0, 0] })];
    expect(cumulative(looks)).toMatchObject({ ok: 5, most: 5 });
  });

  it("keeps strata apart, those without devices in the fresh look too", () => {
    const looks = [lookAt(0, { A: [1, 0, 0], B: [0, 2, 0] }), lookAt(1, { A: [4, 0, 0] })];
    expect(cumulative(looks, "A")).toMatchObject({ ok: 4, most: 4 });
    expect(cumulative(looks, "B")).toMatchObject({ ok: 0, failed: 0, most: 2 });
    expect(cumulative(looks, "C")).toBeUndefined();
  });

  it("counts a wave from the looks of that wave alone", () => {
    const { wave, cumulative: all } = countsOf({
      looks: [
        lookAt(0, { A: [90, 0, 0] }),
        lookAt(1, { A: [92, 0, 8] }, { wave: 1, own: { A: [2, 0, 8] } }),
        lookAt(2, { A: [99, 1, 0] }, { wave: 1, own: { A: [9, 1, 0] } }),
      ],
      ...DEADLINE,
    });
    expect(wave.get("A")).toEqual({ ok: 9, failed: 1, unresolved: 0, most: 10, silent: 0, strays: 0 });
    expect(all.get("A")).toMatchObject({ ok: 99, failed: 1, most: 100 });
  });

  it("waits for silence as long as each stratum has", () => {
    const looks = Array.from({ length: 12 }, (_, hour) => lookAt(hour, { A: [0, 0, 2], B: [0, 0, 2] }));
    const silentAt = (hour: number): readonly (number | undefined)[] => {
      const deadlines = { ...DEADLINE, deadlineMsByStratum: { B: 8 * HOUR } };
      const { cumulative: all, wave } = countsOf({ looks: looks.slice(0, hour + 1), ...deadlines });
      expect(wave).toEqual(all);
      return ["A", "B"].map((stratum) => all.get(stratum)?.silent);
    };
    expect(silentAt(4)).toEqual([0, 0]);
    expect(silentAt(5)).toEqual([2, 0]);
    expect(silentAt(8)).toEqual([2, 0]);
    expect(silentAt(9)).toEqual([2, 2]);
  });

  it("knows nobody without a look", () => {
    const { wave, cumulative: all } = countsOf({ looks: [], ...DEADLINE });
    expect([wave.size, all.size]).toEqual([0, 0]);
  });

  it("is not misled by strata called like parts of an object", () => {
    const two: Numbers = [2, 0, 0];
    const looks = [lookAt(0, { A: [1, 0, 0] }), lookAt(1, { A: [1, 0, 0], constructor: two })];
    expect(cumulative(looks, "constructor")).toMatchObject({ ok: 2, most: 2 });
  });

  it.each([[-1], [0.5], [Number.NaN], [Infinity]])("refuses %d devices and says where", (count) => {
    expect(() => cumulative([lookAt(7, { A: [count, 0, 0] })])).toThrow(
      /the look at 25200000 .* of A \(view "all"\)/,
    );
  });
});

describe("contacts with a wrong clock", () => {
  it("are those of no wave's view, and are known to the current wave alone", () => {
    const { wave, cumulative: all } = countsOf({
      looks: [
        lookAt(0, { A: [20, 0, 0], B: [1, 0, 0] }, { own: { A: [19, 0, 0], B: [1, 0, 0] } }),
        lookAt(1, { A: [60, 0, 1], B: [1, 1, 0] }, { wave: 1, own: { A: [40, 0, 0] } }),
      ],
      ...DEADLINE,
    });
    expect(wave.get("A")).toMatchObject({ ok: 40, most: 40, strays: 2 });
    expect(wave.get("B")).toMatchObject({ most: 0, strays: 1 });
    expect(all.get("A")).toMatchObject({ strays: 0 });
  });

  it("are none where waves' views overlap", () => {
    const looks = [
      lookAt(0, { A: [20, 0, 0] }),
      lookAt(1, { A: [60, 0, 0] }, { wave: 1, own: { A: [43, 0, 0] } }),
    ];
    expect(countsOf({ looks, ...DEADLINE }).wave.get("A")).toMatchObject({ strays: 0 });
  });
});

describe("silence", () => {
  it("begins when deadline and query lag have passed since a look that saw the contact", () => {
    const bricked: View = { A: [10, 0, 5] };
    expect(cumulative([lookAt(0, bricked), lookAt(4.99, bricked)])?.silent).toBe(0);
    expect(cumulative([lookAt(0, bricked), lookAt(5, bricked)])?.silent).toBe(5);
  });

  it("needs a look before the deadline: one that was lost delays it", () => {
    const bricked: View = { A: [10, 0, 5] };
    expect(cumulative([lookAt(1, bricked), lookAt(5, bricked)])?.silent).toBe(0);
    expect(cumulative([lookAt(0, { A: [0, 0, 2] }), lookAt(1, bricked), lookAt(5, bricked)])?.silent).toBe(0);
    expect(cumulative([lookAt(0, { A: [0, 0, 12] }), lookAt(1, bricked), lookAt(5, bricked)])?.silent).toBe(
      2,
    );
  });

  it("ends when the device reports after all", () => {
    const looks = [lookAt(0, { A: [0, 0, 5] }), lookAt(5, { A: [0, 0, 5] }), lookAt(6, { A: [4, 1, 0] })];
    expect(cumulative(looks)?.silent).toBe(0);
  });

  it("does not count devices that made contact since", () => {
    const looks = [lookAt(0, { A: [10, 0, 0] }), lookAt(1, { A: [10, 0, 7] }), lookAt(5, { A: [10, 0, 7] })];
    expect(cumulative(looks)?.silent).toBe(0);
  });

  it("takes the least unresolved of every look since, not that of the fresh one", () => {
    const looks = [
      lookAt(0, { A: [90, 0, 10] }),
      lookAt(3, { A: [97, 0, 3] }),
      lookAt(5, { A: [88, 0, 12] }),
    ];
    expect(cumulative(looks)?.silent).toBe(3);
  });

  it("does not take devices that moved on to a newer release for silent, while others make contact", () => {
    // 60 healthy devices leave; 5 are always under way. By S(t) alone all 5 would be silent.
    const looks = [lookAt(0, { A: [95, 0, 5] }), lookAt(2, { A: [100, 0, 5] }), lookAt(5, { A: [40, 0, 5] })];
    expect(cumulative(looks)?.silent).toBe(0);
  });

  it("does not take devices that come back to a watched release for silent", () => {
    const looks = [
      lookAt(0, { A: [100, 0, 0] }),
      lookAt(3, { A: [60, 0, 0] }),
      lookAt(6, { A: [60, 0, 30] }),
    ];
    expect(cumulative(looks)?.silent).toBe(0);
  });

  it("is counted in the wave's view by the looks of that wave", () => {
    const looks = [
      lookAt(0, { A: [10, 0, 4] }),
      lookAt(4, { A: [10, 0, 10] }, { wave: 1, own: { A: [0, 0, 6] } }),
      lookAt(5, { A: [10, 0, 10] }, { wave: 1, own: { A: [0, 0, 6] } }),
      lookAt(9, { A: [10, 0, 10] }, { wave: 1, own: { A: [0, 0, 6] } }),
    ];
    const at = (length: number): readonly (number | undefined)[] => {
      const { cumulative: all, wave } = countsOf({ looks: looks.slice(0, length), ...DEADLINE });
      return [all.get("A")?.silent, wave.get("A")?.silent];
    };
    expect([at(3), at(4)]).toEqual([
      [4, 0],
      [10, 6],
    ]);
  });

  const tally = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50));
  const seriesOf = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 9 }), tally, wave: fc.nat(2) }), {
    minLength: 1,
    maxLength: 12,
  });

  test.prop([seriesOf])(
    "is never negative and never above the unresolved, whatever the looks say",
    (steps) => {
      let hour = 0;
      const looks = steps.map(({ gap, tally: numbers, wave }) =>
        lookAt((hour += gap), { A: numbers }, { wave }),
      );
      const { cumulative: all, wave } = countsOf({ looks, ...DEADLINE });
      for (const counts of [all.get("A"), wave.get("A")]) {
        if (counts === undefined) continue;
        expect(counts.silent).toBeGreaterThanOrEqual(0);
        expect(counts.silent).toBeLessThanOrEqual(counts.unresolved);
        expect(counts.failed + counts.silent + counts.ok).toBeLessThanOrEqual(counts.most);
      }
    },
  );

  const lives = fc.array(
    fc.record({ contact: fc.nat(30), outcome: fc.constantFrom("ok", "failed", "silent"), after: fc.nat(4) }),
    { maxLength: 60 },
  );

  test.prop([lives, fc.integer({ min: 1, max: 4 }), fc.nat(40)])(
    "never exceeds the devices that are past their deadline without an outcome, and finds them all in the end",
    (devices, every, end) => {
      const at = (hour: number): Numbers => {
        const seen = devices.filter(({ contact }) => contact <= hour);
        const done = (outcome: string): number =>
          seen.filter((device) => device.outcome === outcome && device.contact + device.after <= hour).length;
        const [ok, failed] = [done("ok"), done("failed")];
        return [ok, failed, seen.length - ok - failed];
      };
      const looksUntil = (hour: number): Look[] =>
        Array.from({ length: Math.floor(hour / every) + 1 }, (_, index) =>
          lookAt(index * every, { A: at(index * every) }),
        );
      const truly = (hour: number): number =>
        devices.filter(({ contact, outcome }) => outcome === "silent" && contact + 5 <= hour).length;
      const last = Math.floor(end / every) * every;
      expect(cumulative(looksUntil(end))?.silent).toBeLessThanOrEqual(truly(last));
      expect(cumulative(looksUntil(48))?.silent).toBe(truly(48));
    },
  );
});
