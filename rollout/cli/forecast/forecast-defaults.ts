/** What a forecast takes where nobody says otherwise. */
export const FORECAST_DEFAULTS = {
  /** Rollouts of each scenario. */
  runs: 1_000,
  seed: 1,
  /** Devices of a ring or a condition, where no hub counts them. */
  taggedDevices: 20,
};

/** Most rollouts of a scenario and most threads: what every one of them needs is kept in memory until the end. */
export const FORECAST_MOST = { runs: 100_000, workers: 256 };
