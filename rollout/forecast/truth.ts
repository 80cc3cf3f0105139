/** What a release really does to the devices: what nobody knows before, and a forecast tries out. */
export interface Truth {
  /** As people read it: "5% reported", "2% silent". */
  readonly name: string;
  /** By stratum, in the order of the rollout's strata. */
  readonly rates: readonly DefectRates[];
  /**
   * Devices of one site fail together: each site has a rate of its own, drawn from a beta distribution around the
   * stratum's. Absent: every device for itself. Waves spread over the sites, so what remains is one rate a rollout and
   * stratum, the mean of its sites'.
   */
  readonly correlated?: {
    /** Intraclass correlation, between 0 and 1. */
    readonly icc: number;
    /** Sites of a stratum. */
    readonly sites: number;
  };
}

/** Chances of a device to go wrong in one way; their sum is at most 1. */
export interface DefectRates {
  /** It fails and reports it. */
  readonly reported: number;
  /** It makes contact and is never heard of again. */
  readonly silent: number;
  /** It reports success, and a failure later. */
  readonly late: number;
}

/** The ways to go wrong, in the order in which they are drawn. */
export const DEFECTS = ["reported", "silent", "late"] as const;

/** The same rates in every stratum. */
export function everywhere(strata: number, rates: Partial<DefectRates>): readonly DefectRates[] {
  return Array.from({ length: strata }, () => ({ reported: 0, silent: 0, late: 0, ...rates }));
}
