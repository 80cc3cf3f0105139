import Table from "cli-table3";

/** What power cuts led to, by the operation they fell into. */
export interface BoundaryTable {
  readonly add: (operation: string, outcome: string) => void;
  readonly print: () => void;
}

/** Count outcomes by boundary; printed behind the tests, as what they have gone through. */
export function boundaryTable(title: string): BoundaryTable {
  const counts = new Map<string, Map<string, number>>();
  return {
    add(operation, outcome) {
      const row = counts.get(operation) ?? new Map<string, number>();
      counts.set(operation, row.set(outcome, (row.get(outcome) ?? 0) + 1));
    },
    print() {
      const rows = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
      const cuts = rows.flatMap(([, row]) => [...row.values()]).reduce((sum, count) => sum + count, 0);
      const table = new Table({ head: ["boundary", "outcomes"], style: { head: [], border: [] } });
      for (const [operation, row] of rows) {
        table.push([operation, [...row].map(([outcome, count]) => `${count} × ${outcome}`).join("\n")]);
      }
      process.stdout.write(`${title}: ${cuts} cuts\n${table.toString()}\n`);
    },
  };
}
