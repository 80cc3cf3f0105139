const isSoak = process.env["SOAK_RUNS"] !== undefined;

/** `npm test` plays the same schedules each time; a soak plays new ones; `SEED=n` plays those of an earlier run again. */
export const SEED = Number(process.env["SEED"] ?? (isSoak ? Math.floor(Date.now() % 2 ** 31) : 5));
