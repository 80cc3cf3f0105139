import type { AttemptId } from "./attempt.ts";
import type { Digest } from "./digest.ts";
import type { RecordKind } from "./record.ts";
import type { Guarantee, Reason, Verdict } from "./verdict.ts";

/** What people and programs may be told of: what was decided, that a person is needed, and a test of a channel. */
export const NOTICE_KINDS = [
  "adopt",
  "start",
  "promote",
  "widen",
  "approve",
  "override",
  "complete",
  "settle",
  "hold",
  "resume",
  "halt",
  "abort",
  "retry",
  "rolled back",
  "retire",
  "person needed",
  "test",
] as const satisfies readonly (RecordKind | "person needed" | "test")[];
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Kinds that a channel is told of where it does not say which: all but bookkeeping. */
export const TOLD_BY_DEFAULT: readonly NoticeKind[] = NOTICE_KINDS.filter(
  (kind) => !["adopt", "widen", "approve", "retire"].includes(kind),
);

/** One thing that is told, whatever the channel. */
export interface Notice {
  /** The same each time the same thing is told: of a decision its record's digest, of a stop the stop's own. */
  readonly id: string;
  /** What is told. */
  readonly kind: NoticeKind;
  /** How urgent it is, by its kind (`severityOf`). */
  readonly severity: Severity;
  /** ISO 8601 instant, by the rollout's clock. */
  readonly at: string;
  /** The product it is about. */
  readonly product: string;
  /** One line that says it all. */
  readonly title: string;
  /** Why, in the words of the record. */
  readonly reason: string;
  /** Version; absent where it is about no release, or about one whose record is not there yet. */
  readonly release?: string;
  /** The attempt it is about; absent where it is about none. */
  readonly attempt?: AttemptId;
  /** Name of the widest wave that is open. */
  readonly wave?: string;
  /** Recently active devices that the release is aimed at. */
  readonly devices?: number;
  /** Who decided: a person, a pipeline's identity, `gate`. */
  readonly actor?: string;
  /** What the gate said, where a gate decided. */
  readonly gate?: NoticeGate;
  /** Digest of the record; absent for what is not recorded yet. */
  readonly record?: Digest;
  /** The next command to type. */
  readonly next?: string;
  /** Address of the run, or of what the settings name. */
  readonly link?: string;
  /** How many earlier notices were left out, because there were too many of them. */
  readonly leftOut?: number;
}

/** A verdict as it is told. */
export interface NoticeGate {
  readonly verdict: Verdict["kind"];
  readonly guarantee: Guarantee;
  readonly reasons: readonly Pick<Reason, "stratum" | "k" | "n" | "evidence" | "threshold" | "text">[];
}

/** `critical`: devices are being taken back or given up; `warning`: a person should look; `info`: all is well. */
export type Severity = "info" | "warning" | "critical";

const SEVERITIES: Partial<Readonly<Record<NoticeKind, Severity>>> = {
  abort: "critical",
  halt: "critical",
  hold: "warning",
  override: "warning",
  "rolled back": "warning",
  "person needed": "warning",
};

/** How urgent a kind of notice is. */
export function severityOf(kind: NoticeKind): Severity {
  return SEVERITIES[kind] ?? "info";
}
