import Table from "cli-table3";
import { FATES } from "../world/process.ts";
import { EFFECT_CALLS, TRANSITIONS, type Tally } from "./tally.ts";

/** What a run reached, as tables for the terminal. */
export function reportOf(input: {
  readonly title: string;
  readonly tally: Tally;
  readonly known: ReadonlyMap<string, number>;
  readonly mostRuns: number;
}): string {
  const { title, tally, known, mostRuns } = input;
  const count = (name: string): number => tally.reached.get(name) ?? 0;
  const listed = new Set<string>(TRANSITIONS);
  const others = [...tally.reached.keys()].filter((name) => !name.includes("|") && !listed.has(name)).sort();
  const transitions = table(
    ["transition", "times"],
    [...TRANSITIONS, ...others].map((name) => [name, String(count(name))]),
  );
  const fates = table(
    ["call", ...FATES],
    EFFECT_CALLS.map((call) => [call, ...FATES.map((fate) => String(count(`${call} | ${fate}`)))]),
  );
  const faults = table(
    ["known fault", "schedules"],
    [...known].sort().map(([name, times]) => [name, String(times)]),
  );
  return [
    title,
    transitions,
    fates,
    ...(known.size === 0 ? [] : [faults]),
    `at most ${mostRuns} runs to rest`,
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}
