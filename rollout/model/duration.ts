import { z } from "zod";

const UNIT_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** A length of time as people write it: "15 minutes", "1 day", "3.5 hours". */
export type Duration = `${number} ${Unit | `${Unit}s`}`;

const PATTERN = /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/;

/** Milliseconds of a duration text; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = PATTERN.exec(text);
  // The pattern admits only the four unit names.
  return match === null ? undefined : Math.round(Number(match[1]) * UNIT_MS[match[2] as Unit]);
}

/** The same length in the largest unit that keeps it short: 12600000 → "3.5 hours". */
export function formatDuration(ms: number): string {
  for (const unit of ["day", "hour", "minute"] as const) {
    if (ms >= UNIT_MS[unit]) return counted(Math.round((ms / UNIT_MS[unit]) * 10) / 10, unit);
  }
  return counted(Math.round(ms / 1_000), "second");
}

/** A length as release files write it, in whole hours or minutes, and not shorter: 90000 → "2 minutes". */
export function declaredDuration(ms: number): Duration {
  const unit = ms >= UNIT_MS.hour ? "hour" : "minute";
  return counted(Math.max(1, Math.ceil(ms / UNIT_MS[unit])), unit);
}

/** Longest duration that is declared: an instant so long after another one is still a date. */
const LONGEST_MS = 36_525 * UNIT_MS.day;

/** Zod schema: duration text in, milliseconds out; at most a hundred years. */
export const durationSchema = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= LONGEST_MS) return ms;
  context.addIssue({
    code: "custom",
    message:
      ms === undefined
        ? `"${text}" is no duration; write "15 minutes", "3.5 hours" or "2 days"`
        : `"${text}" is longer than a hundred years`,
  });
  return z.NEVER;
});

function counted(count: number, unit: Unit): Duration {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
