/** Rejects when the signal aborts, with what `reason` gives: for a race with whoever may not heed the signal. */
export function whenAborted(signal: AbortSignal, reason: () => Error): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const ended = (): void => {
    reject(reason());
  };
  if (signal.aborted) ended();
  else signal.addEventListener("abort", ended, { once: true });
  return promise;
}
