/** Longest that the hub may take for anything that makes no sense, on a machine busy with other tests. */
const MOST_MS = 10_000;

/** The work's result; rejects when it takes too long, and says of what. */
export async function within<Result>(work: Promise<Result>, what: string): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`the hub took over ${MOST_MS} ms for ${what}`));
  }, MOST_MS);
  return Promise.race([work, promise]).finally(() => {
    clearTimeout(timer);
  });
}
