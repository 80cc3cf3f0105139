import type { MetricReading } from "./metric-reading.ts";

/** Devices of one stratum that made contact, by how it went. */
export interface Tally {
  /** Devices whose outcome is `ok`. */
  readonly ok: number;
  /** Devices whose outcome is `failed`. */
  readonly failed: number;
  /** Made contact, no outcome yet. */
  readonly contacted: number;
}

/** The two ways in which a look counts devices, each by stratum. */
export interface LookViews {
  /** All contacts with the attempt, by stratum. */
  readonly all: Readonly<Record<string, Tally>>;
  /** Contacts since this wave opened, by stratum. */
  readonly wave: Readonly<Record<string, Tally>>;
}

/** The stored counts of one look at one attempt. Looks are an append-only series: losing one costs power, never validity. */
export interface Look {
  /** Epoch ms. */
  readonly at: number;
  /** Index of the widest wave exposed when the look was taken. */
  readonly wave: number;
  /** Devices in contact, counted twice: all of them, and those of this wave. */
  readonly views: LookViews;
  /** Devices that answered the attempt in any way, `ok-already` and `newer` included: what coverage is made of. */
  readonly answered: number;
  /** What was read of the gate's metrics, by name; absent where none was asked. */
  readonly metrics?: Readonly<Record<string, MetricReading>>;
}
