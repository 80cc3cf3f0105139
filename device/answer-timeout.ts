/** Somebody who was asked has said nothing in time. */
export class UnansweredError extends Error {}

/** Wait so many real milliseconds for an answer; rejects with an `UnansweredError` of that message after them. */
export async function withTimeout<T>(answer: Promise<T>, ms: number, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new UnansweredError(message));
  }, ms);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
