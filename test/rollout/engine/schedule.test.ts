import { describe, expect, it } from "vitest";
import { mayGrow, type Growth, type ScheduleInput } from "../../../rollout/engine/schedule.ts";
import { instantMs, isoInstant } from "../../../rollout/model/instant.ts";

const HOUR = 3_600_000;
const JANUARY = instantMs("2026-01-01T00:00:00Z");
const NIGHTS = { cron: "0 22 * * *", forMs: 4 * HOUR, timeZone: "UTC" };

function grow(at: string, more: Partial<ScheduleInput> = {}): Growth {
  return mayGrow({
    at: instantMs(at),
    release: { version: "1.1.0" },
    wave: { name: "half" },
    fleet: { freezes: [] },
    product: { freezes: [] },
    ...more,
  });
}

function until(growth: Growth): string | undefined {
  return growth.open || growth.until === undefined ? undefined : isoInstant(growth.until);
}

const freeze = (from: string, to: string, except: readonly string[] = []): ScheduleInput["fleet"] => ({
  freezes: [{ from: instantMs(from), until: instantMs(to), reason: "year's end", except }],
});

describe("the calendar", () => {
  it("is open when nothing is declared", () => {
    expect(grow("2026-01-01T00:00:00Z")).toEqual({ open: true });
  });

  it("keeps a release from starting, and a wave from opening, before its time", () => {
    const release = { version: "1.1.0", startAt: JANUARY };
    expect(until(grow("2025-12-31T23:59:59Z", { release }))).toBe("2026-01-01T00:00:00.000Z");
    expect(grow("2026-01-01T00:00:00Z", { release })).toEqual({ open: true });
    const wave = { name: "half", startAt: JANUARY };
    expect(grow("2025-12-31T00:00:00Z", { wave })).toMatchObject({
      why: 'wave "half" opens at 2026-01-01 00:00Z',
    });
    expect(grow("2026-01-01T00:00:00Z", { wave })).toEqual({ open: true });
  });

  it("ends a release's growth for good when it expires", () => {
    const release = { version: "1.1.0", expiresAt: JANUARY };
    expect(grow("2025-12-31T23:59:59Z", { release })).toEqual({ open: true });
    const closed = grow("2026-01-01T00:00:00Z", { release });
    expect(closed).toMatchObject({ open: false });
    expect(closed).not.toHaveProperty("until");
  });

  it("is frozen by the fleet and by the product, versions excepted", () => {
    const fleet = freeze("2025-12-20T00:00:00Z", "2026-01-04T00:00:00Z", ["1.1.1"]);
    for (const where of [{ fleet }, { product: fleet }]) {
      expect(grow("2025-12-19T23:59:59Z", where)).toEqual({ open: true });
      expect(grow("2025-12-20T00:00:00Z", where)).toMatchObject({
        why: "frozen until 2026-01-04 00:00Z: year's end",
      });
      expect(grow("2026-01-04T00:00:00Z", where)).toEqual({ open: true });
      expect(grow("2025-12-24T00:00:00Z", { ...where, release: { version: "1.1.1" } })).toEqual({
        open: true,
      });
    }
  });

  it("is open while one of several windows is", () => {
    const noon = { cron: "0 12 * * 6", forMs: HOUR, timeZone: "UTC" };
    const release = { version: "1.1.0", windows: [NIGHTS, noon] };
    expect(grow("2026-01-03T12:30:00Z", { release })).toEqual({ open: true });
    expect(grow("2026-01-03T23:30:00Z", { release })).toEqual({ open: true });
    expect(until(grow("2026-01-03T11:00:00Z", { release }))).toBe("2026-01-03T12:00:00.000Z");
    expect(until(grow("2026-01-04T11:00:00Z", { release }))).toBe("2026-01-04T22:00:00.000Z");
  });

  it("says when it really opens: after the freeze, in the next window", () => {
    const release = { version: "1.1.0", windows: [NIGHTS] };
    const fleet = freeze("2025-12-20T00:00:00Z", "2026-01-04T12:00:00Z");
    expect(until(grow("2025-12-24T00:00:00Z", { release, fleet }))).toBe("2026-01-04T22:00:00.000Z");
  });

  it("says never, where a release expires before that", () => {
    const fleet = freeze("2025-12-20T00:00:00Z", "2026-01-04T12:00:00Z");
    const release = { version: "1.1.0", expiresAt: JANUARY };
    const closed = grow("2025-12-24T00:00:00Z", { release, fleet });
    expect(closed).toMatchObject({ open: false, why: "frozen until 2026-01-04 12:00Z: year's end" });
    expect(until(closed)).toBeUndefined();
  });
});
