/** The ways in which a source gives no answer that can be read. */
export const TROUBLES = [
  "unknown source",
  "unreachable",
  "time-out",
  "refused",
  "failed",
  "malformed",
] as const;
/** Why a source gave no answer that could be read. */
export type SourceTrouble = (typeof TROUBLES)[number];

/** Numbers by stratum; `*` stands for all devices where a source tells no strata apart. */
export type ByStratum = Readonly<Record<string, number>>;

/** What one look read of one metric: numbers and an instant, never a text of the source. */
export type MetricReading =
  | {
      /** What came of asking: numbers, an answer that has none, or no answer that can be read. */
      readonly state: "measured";
      /** Epoch ms of the data. */
      readonly at: number;
      /** By the part of the query that asked for them. */
      readonly values: Readonly<Record<string, ByStratum>>;
    }
  /** The source answered, and has none. */
  | { readonly state: "no data" }
  | {
      readonly state: "broken";
      /** Why it could not be read. */
      readonly trouble: SourceTrouble;
    };

/** Where a metric stands at a look. */
export type MetricState =
  | "measured"
  | "no data"
  /** Data, and all of it older than the metric's `freshness`. */
  | "stale"
  /** The source gave no answer, or none that could be read. */
  | "broken"
  /** Counts that cannot be: smaller than before, no whole numbers, more bad than there are. */
  | "inconsistent"
  /** The last wave has reached the hold-out: there is nothing to compare with any more. */
  | "no control";

/** What is known of one metric at a look: what its verdict was computed from. */
export interface MetricEvidence {
  /** Whether there is data to judge. */
  readonly state: MetricState;
  /** Of a broken source. */
  readonly trouble?: SourceTrouble;
  /** Strata with devices in contact that the source says nothing about; absent: none. */
  readonly missing?: readonly string[];
  /** Epoch ms of the latest data that could be used; absent: there was none yet. */
  readonly at?: number;
  /** What all data that could be used comes to, by stratum. */
  readonly numbers: MetricNumbers;
}

/** Numbers as the judges read them. */
export type MetricNumbers =
  | { readonly kind: "limit"; readonly byStratum: Readonly<Record<string, LimitNumbers>> }
  | { readonly kind: "binomial"; readonly byStratum: Readonly<Record<string, BinomialNumbers>> }
  | { readonly kind: "rate ratio"; readonly byStratum: Readonly<Record<string, RatioNumbers>> };

/** What a limit is judged by, of one stratum. */
export interface LimitNumbers {
  /** The latest measurement. */
  readonly value: number;
  /** Measurements in a row, the latest last, that were bad. */
  readonly failing: number;
}

/** What a rate is judged by, of one stratum. */
export interface BinomialNumbers {
  /** What is bad, of all data that could be used. */
  readonly bad: number;
  /** Of how many. */
  readonly total: number;
  /** Those that are not known to be well: `bad`, and of twins everyone without an outcome or gone. */
  readonly unproven: number;
}

/** What a rate ratio is judged by, of one stratum. */
export interface RatioNumbers {
  /** Events of treated devices in all ticks that were counted. */
  readonly treated: number;
  /** Events of the hold-out in the same ticks. */
  readonly control: number;
  /** ln of the likelihood ratio against the tolerated one, for each ratio of the grid. */
  readonly logRatios: readonly number[];
}
