/** Stratum of devices that have none, or one that no device had at the start. */
export const OTHER = "other";

/** What is known of the devices of one stratum in one view, at the fresh look. */
export interface StratumCounts {
  /** Devices whose outcome is `ok`. */
  readonly ok: number;
  /** Devices whose outcome is `failed`. */
  readonly failed: number;
  /** Devices that made contact and have no outcome yet, the silent ones included. */
  readonly unresolved: number;
  /** The most devices in contact that any look of the view has seen: devices that leave do not leave the denominator. */
  readonly most: number;
  /** Devices that certainly had no outcome when their deadline passed. */
  readonly silent: number;
  /**
   * Wave view only: contacts that fall in no wave's view, because a device's clock was wrong when it made contact. They
   * count as bad devices of this wave's promotion, and nowhere else: a device may not escape a gate by its clock.
   */
  readonly strays: number;
}
