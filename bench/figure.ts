/** One thing that was measured. */
export interface Figure {
  readonly what: string;
  /** With its unit. */
  readonly measured: string;
  /** The limit or the peer it is to be read beside, as the documentation states it; absent when there is none. */
  readonly limit?: string;
  /** True when what was measured is beyond the limit, which ends the run with an error. */
  readonly isBroken?: boolean;
}

/** Figures as a table for the terminal and for the documentation. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = [
    ["what", "measured", "to reach"],
    ...figures.map(({ what, measured, limit = "-", isBroken = false }) => [
      what,
      measured,
      isBroken ? `${limit}: BROKEN` : limit,
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The middle of several runs, so that one pause of the machine does not count. */
export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;
}

/** What the middle one of several runs takes. */
export function medianMs(runs: number, work: (run: number) => void): number {
  const times = Array.from({ length: runs }, (_, run) => {
    const started = performance.now();
    work(run);
    return performance.now() - started;
  });
  return median(times);
}

/** A duration in the unit it is best read in. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 1 ? 3 : ms < 10 ? 1 : 0)} ms`;
}

/** What one piece of work took, also in time of a processor: where others use the machine, the clock says less. */
export async function timed<Result>(
  work: () => Result | Promise<Result>,
): Promise<{ readonly result: Result; readonly measured: string }> {
  const before = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { result, measured: `${formatMs(ms)} (${formatMs((user + system) / 1000)} of a core)` };
}

/** A count as people read it: 5,000. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}
