/** Refuse a number that is no shape of a beta distribution: finite and above 0. */
export function requireShape(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) refuse(name, "a finite number above 0", value);
}

/** Refuse a number that is no chance strictly between 0 and 1. */
export function requireChance(name: string, value: number): void {
  if (!(value > 0 && value < 1)) refuse(name, "strictly between 0 and 1", value);
}

/** Refuse a number that is no count of at least `least`. */
export function requireCount(name: string, value: number, least = 0): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    refuse(name, `a whole number of at least ${least}`, value);
}

/** Refuse counts of which `k` devices are not among `n`. */
export function requireCounts({ k, n }: { readonly k: number; readonly n: number }): void {
  requireCount("n", n);
  requireCount("k", k);
  if (k > n) refuse("k", `at most n = ${n}`, k);
}

function refuse(name: string, wanted: string, value: number): never {
  throw new RangeError(`${name} must be ${wanted}; it is ${value}`);
}
