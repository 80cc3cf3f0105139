import { withThousands } from "../../gate/format-evidence.ts";

/** Counts by stratum: "A 15, B 15"; the total where there is one stratum only. */
export function formatCounts(byStratum: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byStratum).sort(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? "none" : entries.map(([stratum, count]) => `${stratum} ${count}`).join(", ");
}

/** "1 error", "2 errors", "1,200 devices". */
export function counted(count: number, noun: string): string {
  return `${withThousands(count)} ${noun}${count === 1 ? "" : "s"}`;
}
