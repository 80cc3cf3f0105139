import { describe, expect, it } from "vitest";
import { parseCron } from "../../../rollout/model/cron.ts";
import { instantMs, isoInstant } from "../../../rollout/model/instant.ts";
import { windowAt } from "../../../rollout/model/maintenance-window.ts";

const HOUR = 3_600_000;

function at(
  window: { cron: string; hours: number; timeZone?: string },
  iso: string,
): [boolean, string | undefined] {
  const { cron, hours, timeZone = "UTC" } = window;
  const found = windowAt({ cron, forMs: hours * HOUR, timeZone }, instantMs(iso));
  const instant = found.open ? found.until : found.next;
  return [found.open, instant === undefined ? undefined : isoInstant(instant).slice(0, 16)];
}

describe("a maintenance window", () => {
  const nights = { cron: "0 22 * * 1-5", hours: 4 };

  it.each([
    ["2026-01-05T21:59:59Z", false, "2026-01-05T22:00"], // a Monday
    ["2026-01-05T22:00:00Z", true, "2026-01-06T02:00"],
    ["2026-01-06T01:59:59Z", true, "2026-01-06T02:00"],
    ["2026-01-06T02:00:00Z", false, "2026-01-06T22:00"],
    ["2026-01-10T01:00:00Z", true, "2026-01-10T02:00"], // Friday's, on Saturday
    ["2026-01-10T03:00:00Z", false, "2026-01-12T22:00"], // over the weekend
  ])("on weekday nights at %s: open %s, changes at %s", (iso, open, changes) => {
    expect(at(nights, iso)).toEqual([open, changes]);
  });

  it("opens by the clocks of its time zone, summer and winter", () => {
    const berlin = { cron: "0 22 * * *", hours: 2, timeZone: "Europe/Berlin" };
    expect(at(berlin, "2026-01-05T12:00:00Z")).toEqual([false, "2026-01-05T21:00"]);
    expect(at(berlin, "2026-07-05T12:00:00Z")).toEqual([false, "2026-07-05T20:00"]);
  });

  it("opens once where the clocks leap over its hour, and once where they repeat it", () => {
    const berlin = { cron: "30 2 * * *", hours: 1, timeZone: "Europe/Berlin" };
    // 2026-03-29: 02:30 does not exist; half an hour after the leap is 03:30 of summer time.
    expect(at(berlin, "2026-03-28T12:00:00Z")).toEqual([false, "2026-03-29T01:30"]);
    // 2026-10-25: 02:30 occurs twice.
    expect(at(berlin, "2026-10-24T12:00:00Z")).toEqual([false, "2026-10-25T00:30"]);
    expect(at(berlin, "2026-10-25T01:30:00Z")).toEqual([false, "2026-10-26T01:30"]);
  });

  it("that a leap of half an hour moves past another opening is open when either is", () => {
    // 2026-10-04 on Lord Howe Island: 02:00 becomes 02:30, so that 02:15 is 02:45 and comes after 02:35.
    const howe = { cron: "15,35 2 * * *", hours: 1 / 12, timeZone: "Australia/Lord_Howe" };
    expect(at(howe, "2026-10-03T15:00:00Z")).toEqual([false, "2026-10-03T15:35"]);
    expect(at(howe, "2026-10-03T15:37:00Z")).toEqual([true, "2026-10-03T15:40"]);
    expect(at(howe, "2026-10-03T15:42:00Z")).toEqual([false, "2026-10-03T15:45"]);
  });

  it("serves zones on the far sides of the date line", () => {
    expect(
      at({ cron: "0 1 * * *", hours: 1, timeZone: "Pacific/Kiritimati" }, "2026-01-05T11:30:00Z"),
    ).toEqual([true, "2026-01-05T12:00"]);
    expect(at({ cron: "0 1 * * *", hours: 1, timeZone: "Pacific/Midway" }, "2026-01-05T12:30:00Z")).toEqual([
      true,
      "2026-01-05T13:00",
    ]);
  });

  it("that is longer than its period is never closed", () => {
    expect(at({ cron: "0 0 * * *", hours: 30 }, "2026-01-05T23:59:00Z")[0]).toBe(true);
  });

  it("waits for 29 February", () => {
    expect(at({ cron: "0 0 29 2 *", hours: 1 }, "2026-03-01T00:00:00Z")).toEqual([false, "2028-02-29T00:00"]);
  });
});

describe("a cron expression", () => {
  it.each([
    ["*/15 0-2,22 1 jan,JUL mon", [0, 15, 30, 45], [0, 1, 2, 22]],
    ["5/20 12 * * *", [5, 25, 45], [12]],
    ["0 8-16/4 * * 7", [0], [8, 12, 16]],
  ])("%s is read", (text, minutes, hours) => {
    expect(parseCron(text)).toMatchObject({ minutes, hours });
  });

  it("with both days restricted fires on either", () => {
    const found = parseCron("0 0 13 * 5");
    expect(found).toMatchObject({ eitherDay: true });
    expect(at({ cron: "0 0 13 * 5", hours: 1 }, "2026-01-03T00:00:00Z")).toEqual([false, "2026-01-09T00:00"]);
    expect(at({ cron: "0 0 13 * 5", hours: 1 }, "2026-01-09T12:00:00Z")).toEqual([false, "2026-01-13T00:00"]);
  });

  it.each([
    ["* * * *", "five"],
    ["60 * * * *", '"60" is no minute'],
    ["* 5-3 * * *", '"5-3" is no hour'],
    ["* * 0 * *", '"0" is no day of the month'],
    ["* * L * *", '"l" is no day of the month'],
    ["* * * foo *", '"foo" is no month'],
    ["*/0 * * * *", '"*/0" is no minute'],
    ["0 0 31 2,4 *", "never fires"],
  ])("%s is refused", (text, why) => {
    expect(parseCron(text)).toContain(why);
  });
});
