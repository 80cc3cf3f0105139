import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { scaledClock, scaleFromMinutesPerSecond } from "../../local/clock.ts";

const REAL_START = Date.UTC(2026, 0, 5, 12);
const VIRTUAL_START = Date.UTC(2030, 5, 1);
const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ now: REAL_START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a scaled clock", () => {
  it("passes thirty minutes while the wall passes a second", async () => {
    const clock = scaledClock({ scale: 1800, realStartMs: REAL_START, virtualStartMs: VIRTUAL_START });
    expect(clock.now()).toBe(VIRTUAL_START);
    await vi.advanceTimersByTimeAsync(1000);
    expect(clock.now()).toBe(VIRTUAL_START + 30 * 60_000);
  });

  it("shows two processes with the same three numbers the same time, whenever they begin", async () => {
    const scale = { scale: 60, realStartMs: REAL_START - 10_000, virtualStartMs: VIRTUAL_START };
    const early = scaledClock(scale);
    await vi.advanceTimersByTimeAsync(7_777);
    expect(scaledClock(scale).now()).toBe(early.now());
    expect(early.now()).toBe(VIRTUAL_START + 17_777 * 60);
  });

  it("sleeps in virtual milliseconds", async () => {
    const clock = scaledClock({ scale: 1800, realStartMs: REAL_START, virtualStartMs: VIRTUAL_START });
    const woken = vi.fn();
    const sleeping = clock.sleep(DAY).then(woken);
    await vi.advanceTimersByTimeAsync(47_999);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(clock.now()).toBe(VIRTUAL_START + DAY);
  });

  it("sleeps longer than one timer of Node can, without waking in between", async () => {
    const clock = scaledClock({ scale: 1, realStartMs: REAL_START, virtualStartMs: REAL_START });
    const woken = vi.fn();
    void clock.sleep(60 * DAY).then(woken);
    await vi.advanceTimersByTimeAsync(60 * DAY - 1);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(woken).toHaveBeenCalledOnce();
  });

  it("sleeps on when the timer fires before its time", async () => {
    const clock = scaledClock({ scale: 1000, realStartMs: REAL_START, virtualStartMs: VIRTUAL_START });
    const woken = vi.fn();
    void clock.sleep(5_000).then(woken);
    vi.setSystemTime(REAL_START - 2);
    await vi.advanceTimersByTimeAsync(5);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    expect(woken).toHaveBeenCalledOnce();
  });

  it("rejects an interrupted sleep with the signal's reason and leaves no timer and no listener", async () => {
    const clock = scaledClock({ scale: 1800, realStartMs: REAL_START, virtualStartMs: VIRTUAL_START });
    const controller = new AbortController();
    const sleeping = clock.sleep(DAY, controller.signal);
    expect(vi.getTimerCount()).toBe(1);
    const reason = new Error("the operator left");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("rejects at once when the signal has aborted before", async () => {
    const clock = scaledClock({ scale: 1, realStartMs: REAL_START, virtualStartMs: VIRTUAL_START });
    const reason = new Error("too late");
    await expect(clock.sleep(1, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a scale of %s", (scale) => {
    expect(() => scaledClock({ scale, realStartMs: 0, virtualStartMs: 0 })).toThrow(RangeError);
  });
});

describe("scaleFromMinutesPerSecond", () => {
  it.each([
    [30, 1800],
    [1, 60],
    [0.5, 30],
  ])("makes %s minutes a second a scale of %s", (minutes, scale) => {
    expect(scaleFromMinutesPerSecond(minutes)).toBe(scale);
  });
});
