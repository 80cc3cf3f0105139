/** What a plan for people knows beside the release and the fleet. */
export interface RiskFacts {
  /** Epoch ms. */
  readonly now: number;
  /** Time between two looks, ms. */
  readonly lookEveryMs: number;
  /** How long the hub's queries may lag behind the twins, ms. */
  readonly queryLagMs: number;
  /** How earlier releases of the product went that were not taken back, newest first. */
  readonly history: readonly PastRelease[];
  /** Tag that names a device's site, where the fleet declares one. */
  readonly site?: string | undefined;
}

/** A release that is over, by its last look. */
export interface PastRelease {
  readonly version: string;
  /** Devices that failed, of those that made contact. */
  readonly failed: number;
  readonly contacted: number;
}
