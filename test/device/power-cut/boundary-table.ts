/** What power cuts led to, by the operation they fell into. */
export interface BoundaryTable {
  readonly add: (operation: string, outcome: string) => void;
  /** Power cuts so far. */
  readonly cuts: () => number;
  readonly print: () => void;
}

/** Count outcomes by boundary; printed behind the tests: it is what they have gone through. */
export function boundaryTable(title: string): BoundaryTable {
  const counts = new Map<string, Map<string, number>>();
  const cuts = (): number =>
    [...counts.values()].flatMap((row) => [...row.values()]).reduce((sum, count) => sum + count, 0);
  return {
    cuts,
    add(operation, outcome) {
      const row = counts.get(operation) ?? new Map<string, number>();
      counts.set(operation, row.set(outcome, (row.get(outcome) ?? 0) + 1));
    },
    print() {
      const rows = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
      const width = Math.max(...rows.map(([operation]) => operation.length));
      const lines = rows.map(([operation, row]) => {
        const outcomes = [...row].map(([outcome, count]) => `${count} ${outcome}`);
        return `  ${operation.padEnd(width)}  ${outcomes.toSorted().join(", ")}`;
      });
      process.stdout.write(`${title}: ${cuts()} cuts\n${lines.join("\n")}\n`);
    },
  };
}
