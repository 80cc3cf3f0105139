/** Lets so many pieces of work go on at a time; the others wait in line. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

/** A turnstile for that many. */
export function turnstile(atOnce: number): Turnstile {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside < atOnce) inside += 1;
    else {
      // Whoever leaves hands the place over.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
