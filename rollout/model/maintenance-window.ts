/* eslint-disable no-restricted-globals -- Calendar arithmetic on given instants: nothing here reads a clock. */
import { firesOn, parseCron, type Cron } from "./cron.ts";

const DAY_MS = 86_400_000;
/** The rarest day there is, 29 February on one day of the week, comes back within 40 years. */
const FURTHEST_DAYS = 40 * 366;

/** A window, checked. */
export interface MaintenanceWindow {
  /** Five fields of cron: when it opens. */
  readonly cron: string;
  /** How long it stays open, ms. */
  readonly forMs: number;
  /** IANA name of the clocks it goes by. */
  readonly timeZone: string;
}

/** Whether a window is open at an instant: until when, or from when on. */
export type WindowState =
  | { readonly open: true; readonly until: number }
  /** `next` is absent for a window that never opens again within 40 years, or whose cron cannot be read. */
  | { readonly open: false; readonly next?: number };

/** Look a window up: it opens whenever its cron fires on the clocks of its time zone, and stays open for its length. */
export function windowAt({ cron: text, forMs, timeZone }: MaintenanceWindow, at: number): WindowState {
  const cron = parseCron(text);
  if (typeof cron === "string" || !isTimeZone(timeZone)) return { open: false };
  const today = Math.floor(at / DAY_MS);
  // A day more on either side: local days begin up to 14 hours away from UTC's.
  const firstDay = Math.floor((at - forMs) / DAY_MS) - 1;
  // The latest opening decides: all are as long, so it closes last.
  for (let day = today + 1; day >= firstDay; day--) {
    const opened = openingsOn(cron, day, timeZone).findLast((opening) => opening <= at);
    if (opened === undefined) continue;
    if (at < opened + forMs) return { open: true, until: opened + forMs };
    break;
  }
  for (let day = today - 1; day <= today + FURTHEST_DAYS; day++) {
    const next = openingsOn(cron, day, timeZone).find((opening) => opening > at);
    if (next !== undefined) return { open: false, next };
  }
  return { open: false };
}

/** True for a name of the IANA time zone database that this Node knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Instants at which a cron fires on one local day (days since 1970), in order. */
function openingsOn(cron: Cron, day: number, timeZone: string): readonly number[] {
  const date = new Date(day * DAY_MS);
  const calendar = {
    month: date.getUTCMonth() + 1,
    dayOfMonth: date.getUTCDate(),
    dayOfWeek: date.getUTCDay(),
  };
  if (!firesOn(cron, calendar)) return [];
  const openings = cron.hours.flatMap((hour) =>
    cron.minutes.map((minute) => instantOf(day * DAY_MS + hour * 3_600_000 + minute * 60_000, timeZone)),
  );
  // A leap that is no whole hour may move one past the next.
  return openings.sort((a, b) => a - b);
}

/**
 * The instant of a local time, given as if it were UTC. One that occurs twice is the first of both; one that a change of
 * the clocks leaps over is as long after the leap (the "compatible" rule of ECMAScript's Temporal).
 */
function instantOf(local: number, timeZone: string): number {
  const before = offsetAt(local - DAY_MS, timeZone);
  const after = offsetAt(local + DAY_MS, timeZone);
  const found = [local - before, local - after].find(
    (candidate) => candidate + offsetAt(candidate, timeZone) === local,
  );
  return found ?? local - before;
}

/** How far a zone's clocks are ahead of UTC at an instant, ms. */
function offsetAt(at: number, timeZone: string): number {
  if (timeZone === "UTC") return 0;
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(
    field("year"),
    field("month") - 1,
    field("day"),
    field("hour"),
    field("minute"),
    field("second"),
  );
  return shown - Math.floor(at / 1_000) * 1_000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs more than a thousand uses of it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}
