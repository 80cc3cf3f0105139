/** Tests with random input do so many times as much in `npm run soak`. */
export const SOAK = Number(process.env["SOAK"] ?? 1);

/** Seed of random input: a new one each run, printed with the test's name; HOSTILE_SEED repeats one. */
export const SEED = Number(process.env["HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
