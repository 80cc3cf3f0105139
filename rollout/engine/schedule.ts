import type { Fleet, Product } from "../model/fleet.ts";
import { formatInstant } from "../model/instant.ts";
import { windowAt } from "../model/maintenance-window.ts";
import type { Release } from "../model/release.ts";
import type { Freeze } from "../model/schedule.ts";
import type { Wave } from "../model/wave.ts";

/** Whether exposure may grow at an instant. */
export type Growth =
  | { readonly open: true }
  | {
      readonly open: false;
      /** In words, with the instants. */
      readonly why: string;
      /** Epoch ms from which it may; absent when it never may again. */
      readonly until?: number;
    };

/** What the calendar of a release is made of. */
export interface ScheduleInput {
  /** Epoch ms. */
  readonly at: number;
  readonly release: Pick<Release, "version" | "startAt" | "expiresAt" | "windows">;
  /** The wave that would open, or open further. */
  readonly wave: Pick<Wave, "name" | "startAt"> | undefined;
  readonly fleet: Pick<Fleet, "freezes">;
  readonly product: Pick<Product, "freezes"> | undefined;
}

/** Freezes, windows and start times that follow each other: more than this many changes are not looked through. */
const MOST_CHANGES = 1_000;

/**
 * Does the calendar let a release's exposure grow? Asked for a start, a promotion and a part of a wave, never for a
 * stop, a completion or taking back. A function of the instant alone: a clock that jumps changes the answer, and nothing
 * else.
 */
export function mayGrow(input: ScheduleInput): Growth {
  const first = closedAt(input);
  if (first === undefined) return { open: true };
  // One thing ends and another still stands in the way: people want to know when it really goes on.
  let until = first.until;
  for (let changes = 0; until !== undefined && changes < MOST_CHANGES; changes++) {
    const next = closedAt({ ...input, at: until });
    if (next === undefined) return { open: false, why: first.why, until };
    until = next.until;
  }
  return { open: false, why: first.why };
}

interface Closed {
  readonly why: string;
  readonly until?: number;
}

/** What stands in the way at one instant, what ends last first. */
function closedAt(input: ScheduleInput): Closed | undefined {
  const found = [
    expired(input),
    notBefore(`${input.release.version} starts`, input.release.startAt, input.at),
    notBefore(`wave "${input.wave?.name ?? ""}" opens`, input.wave?.startAt, input.at),
    ...[...input.fleet.freezes, ...(input.product?.freezes ?? [])].map((freeze) => frozen(freeze, input)),
    outsideWindows(input),
  ].filter((closed) => closed !== undefined);
  return found.toSorted((a, b) => (b.until ?? Infinity) - (a.until ?? Infinity))[0];
}

function expired({ at, release: { version, expiresAt } }: ScheduleInput): Closed | undefined {
  if (expiresAt === undefined || at < expiresAt) return undefined;
  return {
    why: `${version} expired at ${minute(expiresAt)}: what it has reached stays, nobody else gets it`,
  };
}

function notBefore(what: string, startAt: number | undefined, at: number): Closed | undefined {
  if (startAt === undefined || at >= startAt) return undefined;
  return { why: `${what} at ${minute(startAt)}`, until: startAt };
}

function frozen({ from, until, reason, except }: Freeze, { at, release }: ScheduleInput): Closed | undefined {
  if (at < from || at >= until || except.includes(release.version)) return undefined;
  return { why: `frozen until ${minute(until)}: ${reason}`, until };
}

function outsideWindows({ at, release: { windows = [] } }: ScheduleInput): Closed | undefined {
  const states = windows.map((window) => windowAt(window, at));
  if (states.length === 0 || states.some(({ open }) => open)) return undefined;
  const next = Math.min(...states.map((state) => (state.open ? Infinity : (state.next ?? Infinity))));
  if (next === Infinity) return { why: "its maintenance windows never open again" };
  return { why: `outside its maintenance windows until ${minute(next)}`, until: next };
}

/** To the minute, as calendars are written. */
function minute(ms: number): string {
  return `${formatInstant(ms)}Z`;
}
