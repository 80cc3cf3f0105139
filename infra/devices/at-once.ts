/** How much is under way at once: what the network takes to answer is not added up. */
const AT_ONCE = 16;

/**
 * Do something to each item, several at once. The first failure ends it: what is under way is waited for and nothing
 * further begun, so that no call is made after the failure was told.
 */
export async function eachAtOnce<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  // One iterator for all workers: each item is taken once.
  const waiting = items.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const item of waiting) {
      if (failures.length > 0) return;
      try {
        await act(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failures.length > 0) throw failures[0];
}
