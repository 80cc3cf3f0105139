import type { ContactBasis, Coverage, RateBasis, Thresholds } from "../model/evidence.ts";
import type { Gate } from "../model/gate.ts";
import type { MetricEvidence } from "../model/metric-reading.ts";
import type { Wave } from "../model/wave.ts";
import type { Counts } from "./counts.ts";

/** What it takes to judge a release for abort. */
export interface WatchedInput {
  readonly gate: Gate;
  readonly counts: Counts;
  /** Strata that had devices at the start, frozen: the budget is split over them. */
  readonly strata: readonly string[];
  readonly thresholds: Thresholds;
  /** What it takes to tell failure rates beside the evidence; absent: none are told. */
  readonly rates?: RateBasis | undefined;
  /** What is known of the gate's metrics; absent where it has none. */
  readonly metrics?: KnownMetrics | undefined;
}

/** What is known of metrics at a look. */
export interface KnownMetrics {
  /** Epoch ms of the look. */
  readonly atMs: number;
  readonly byName: Readonly<Record<string, MetricEvidence>>;
}

/** What it takes to judge an open wave. */
export interface WaveInput extends WatchedInput {
  readonly wave: Pick<Wave, "name" | "kind" | "bakeMs">;
  /** Strata that hold enough devices to prove the gate, frozen. */
  readonly proving: readonly string[];
  /** How many of the devices that the wave aims at made contact. */
  readonly coverage: Coverage;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Epoch ms at which the wave opened. */
  readonly openedAtMs: number;
  /** Epoch ms of the look that first found the wave covered; undefined before. */
  readonly bakedSinceMs: number | undefined;
  /** What it takes to tell who stays away; absent: it is not looked at. */
  readonly contact?: ContactBasis | undefined;
}
