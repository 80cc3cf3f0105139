import type { MetricState } from "./metric-reading.ts";

/** What a gate concluded, and the reasons an operator will read. A pure function of counts: same input, same verdict. */
export interface Verdict {
  /** What is to happen: the wave is let on, nothing grows, or the release is stopped. */
  readonly kind: "promote" | "hold" | "abort";
  /** What the verdict rests on; only `statistical` is a promise. */
  readonly guarantee: Guarantee;
  /** The worst first. Never empty. */
  readonly reasons: readonly Reason[];
  /** What each metric of the gate says, those in shadow too; absent where the gate has none. */
  readonly metrics?: readonly MetricVerdict[];
}

/** What one metric says at a look. */
export interface MetricVerdict {
  /** The metric. */
  readonly name: string;
  /** `shadow`: it is not obeyed. */
  readonly mode: "enforce" | "shadow";
  /** Whether there was data to judge. */
  readonly state: MetricState;
  /** `pass`: it stands in nobody's way. */
  readonly kind: "pass" | "hold" | "abort";
  /** One sentence for people, with the numbers. */
  readonly text: string;
}

/** A verdict of what may stop a release and never lets it on. */
export type StopVerdict = Verdict & { readonly kind: "hold" | "abort" };

/**
 * `statistical`: the error budgets hold. `smoke`: promoted because nothing bad was seen for the bake. `time-only`: the
 * wave was timed, or its devices do not latch their outcome. `overridden`: a person decided.
 */
export type Guarantee = "statistical" | "smoke" | "time-only" | "overridden";

/** Why a verdict is as it is. */
export interface Reason {
  /** Which reason it is, for programs. */
  readonly code: ReasonCode;
  /** The metric it is about; absent when it is about outcomes. */
  readonly metric?: string;
  /** The stratum it is about; absent when it is about the whole wave. */
  readonly stratum?: string;
  /** `cumulative`: all contacts of the rollout; `wave`: those since this wave opened. */
  readonly view?: View;
  /** Devices counted as bad. */
  readonly k?: number;
  /** Devices that made contact (the most that any look has seen). */
  readonly n?: number;
  /** The e-value, not its logarithm. Infinity is written as 1e308. */
  readonly evidence?: number;
  /** What the evidence has to reach. */
  readonly threshold?: number;
  /** Where the failure rate of these devices lies; absent in records from before it was told. */
  readonly rate?: Rate;
  /** One sentence for people, with the numbers. */
  readonly text: string;
}

/** Where a failure rate lies, as fractions of one, for devices without an outcome read in either way. */
export interface Rate {
  /** Not below this. */
  readonly lower: number;
  /** Not above this. */
  readonly upper: number;
  /** Chance that the true rate never leaves these bounds, however often one looks: 0.95. */
  readonly confidence: number;
  /** What the same counts say of all devices of a small stratum; absent for a large one. Exact, at ONE look. */
  readonly ofAll?: WholeStratum;
}

/** Bound on the bad devices of a whole stratum. */
export interface WholeStratum {
  /** Devices that it had at the start. */
  readonly devices: number;
  /** Most bad ones among them. */
  readonly mostBad: number;
}

export type View = "cumulative" | "wave";

export type ReasonCode =
  /** Abort: evidence that more devices fail than is tolerated. */
  | "FAILURES"
  /** Abort: the absolute number of failed and silent devices. */
  | "HARM_CAP"
  /** Abort: a metric was over its limit. */
  | "METRIC_LIMIT"
  /** Abort: evidence that a metric is bad more often than is tolerated. */
  | "METRIC_RATE"
  /** Abort: evidence that treated devices fare worse than the hold-out. */
  | "METRIC_RATIO"
  /** Hold: a metric's source answered, and has no data. */
  | "NO_DATA"
  /** Hold: a metric's data is too old. */
  | "STALE"
  /** Hold: a metric's source gave no answer that could be read. */
  | "SOURCE_BROKEN"
  /** Hold: a metric's counts contradict each other or those before. */
  | "DATA_QUALITY"
  /** Promote: evidence that fewer fail than must not ship. */
  | "PROVEN"
  /** Hold: that evidence is still short. */
  | "SHORT_OF_EVIDENCE"
  /** Stratum too small to prove the gate: judged for abort, bake and coverage only. */
  | "CANNOT_PROVE"
  /** Hold: a hub or a query did not answer; what was counted may stop the release, never let it on. */
  | "INCOMPLETE"
  | "BAKING"
  | "COVERAGE"
  | "NO_CONTACT"
  /** Hold: more of a wave's recently active devices stay away for two check-ins than a sound fleet's would. */
  | "STAYED_AWAY"
  /** Promote: a smoke wave has baked without evidence against it. */
  | "SMOKE_PASSED"
  /** No further part of the wave opens: the release is on its way to a stop. */
  | "SLOWED"
  /** Promote: a timed wave is over. */
  | "TIME_PASSED"
  /** Promote: a person decided, on these very counts. */
  | "OVERRIDDEN"
  /** Hold: an undecided wave is older than the gate's patience. */
  | "PATIENCE";
