import { formatPercentage } from "../../rollout/model/percentage.ts";
import type { Compared } from "./compare.ts";
import { KINDS } from "./fleet.ts";
import { BUILT, isLeast } from "./losses.ts";
import { table, whole } from "./tables.ts";

/** What the README shows of the comparison: where we win and where we lose. */
const SHOWN = [
  { rate: 0.03, kind: "reported, everywhere" },
  { rate: 0.1, kind: "reported, everywhere" },
  { rate: 0.05, kind: "silent, everywhere" },
  { rate: 0.1, kind: "silent, everywhere" },
  { rate: 0.2, kind: "reported, in stratum C only" },
  { rate: 0.2, kind: "silent, in stratum C only" },
] as const;

/** Devices harmed by rule, all tuned to the same rate of false stops; in bold the least. */
export function readmeTable(compared: readonly Compared[], rates: readonly number[]): string {
  const rows = compared.map((one) => one.tuned).filter(({ name }) => BUILT.includes(name));
  return table(
    ["devices harmed", ...SHOWN.map(({ rate, kind }) => `${formatPercentage(rate)} ${kind}`)],
    rows.map(({ name, cells }) => [
      name,
      ...SHOWN.map(({ rate, kind: shown }) => {
        const kind = KINDS.findIndex((one) => one.name === shown);
        const column = rates.indexOf(rate);
        const played = cells[kind]?.[column];
        if (played === undefined) return "";
        const text = whole(played.harmed);
        return isLeast({ played, rows, kind, column, rates }) ? `**${text}**` : text;
      }),
    ]),
  );
}
