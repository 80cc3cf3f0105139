import { z } from "zod";
import { durationSchema, formatDuration, type Duration } from "./duration.ts";
import { ownValue } from "./own-value.ts";

/** How long a device has from contact to `ok` or `failed`; strata of devices that call home seldom may have their own. */
export type DeadlineDeclaration =
  Duration | { readonly default: Duration; readonly strata: Readonly<Record<string, Duration>> };

/** The same, checked. */
export interface Deadlines {
  /** Of every stratum without its own, ms. */
  readonly deadlineMs: number;
  /** By stratum, ms; absent where all have the same. */
  readonly deadlineMsByStratum?: Readonly<Record<string, number>> | undefined;
}

const byStratum = z.strictObject({
  default: durationSchema,
  strata: z.record(z.string().min(1), durationSchema),
});

/** Zod schema of the declaration: `Deadlines` come out. A plain duration has the form (and the digest) it always had. */
export const deadlineSchema = z.union([durationSchema, byStratum]).transform(deadlinesOf);

function deadlinesOf(value: number | z.output<typeof byStratum>): {
  readonly deadlineMs: number;
  readonly deadlineMsByStratum?: Readonly<Record<string, number>>;
} {
  if (typeof value === "number") return { deadlineMs: value };
  const { default: deadlineMs, strata } = value;
  return Object.keys(strata).length === 0 ? { deadlineMs } : { deadlineMs, deadlineMsByStratum: strata };
}

/** The deadline of a stratum, ms. */
export function deadlineOf({ deadlineMs, deadlineMsByStratum = {} }: Deadlines, stratum: string): number {
  return ownValue(deadlineMsByStratum, stratum) ?? deadlineMs;
}

/** The longest deadline of any stratum, ms: only after it everyone's silence shows. */
export function longestDeadline({ deadlineMs, deadlineMsByStratum = {} }: Deadlines): number {
  return Math.max(deadlineMs, ...Object.values(deadlineMsByStratum));
}

/** The shortest deadline of any stratum, ms. */
export function shortestDeadline({ deadlineMs, deadlineMsByStratum = {} }: Deadlines): number {
  return Math.min(deadlineMs, ...Object.values(deadlineMsByStratum));
}

/** "2 days", or "2 days (cellular-weekly 10 days)". */
export function formatDeadlines({ deadlineMs, deadlineMsByStratum = {} }: Deadlines): string {
  const own = Object.entries(deadlineMsByStratum)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([stratum, ms]) => `${stratum} ${formatDuration(ms)}`);
  return `${formatDuration(deadlineMs)}${own.length === 0 ? "" : ` (${own.join(", ")})`}`;
}
