/** Does what one connection asks for, one thing after the other, however long each waits for its turn. */
export type Lane = (work: () => Promise<void>) => void;

/** An idle lane; work that fails is told to `onFailure` and does not hold up what comes after it. */
export function createLane(onFailure: (error: unknown) => void): Lane {
  let last = Promise.resolve();
  return (work) => {
    last = last.then(work).catch(onFailure);
  };
}
