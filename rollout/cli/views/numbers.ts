/** An evidence as people read it: 5,112; 90; 0.14; 1.2e6. */
export function formatEvidence(value: number): string {
  if (value >= 1e6) return value.toExponential(1).replace("e+", "e");
  if (value >= 10) return Math.floor(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(2)));
}

/** A fraction as a percentage: 0.1 → "10%". */
export function formatPercent(fraction: number): string {
  return `${Math.round(fraction * 1_000) / 10}%`;
}

/** An instant (epoch ms) to the minute, UTC: "2026-11-24 05:10". */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** Counts by stratum: "A 15, B 15"; the total where there is one stratum only. */
export function formatCounts(byStratum: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byStratum).sort(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? "none" : entries.map(([stratum, count]) => `${stratum} ${count}`).join(", ");
}
