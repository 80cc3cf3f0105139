/** Longest time a timer of Node can be set for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Call `end` at an instant of REAL time, however far off: credentials are made by real clocks. Returns what calls it
 * off. Keeps no process alive.
 */
export function callAt(instant: number, end: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const ms = instant - Date.now();
    timer = setTimeout(ms > MAX_TIMER_MS ? wait : end, Math.min(Math.max(ms, 0), MAX_TIMER_MS)).unref();
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}
