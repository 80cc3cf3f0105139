import { formatPercentage } from "../../rollout/model/percentage.ts";
import { formatCount } from "../figure.ts";
import type { Compared, Row } from "./compare.ts";
import { CONTENDERS } from "./contenders.ts";
import { GATE, KINDS } from "./fleet.ts";
import { clockedGate, wavegate } from "./own-gate.ts";
import type { Played } from "./play.ts";

/** Rules of systems there are: what our own gate could be takes no prizes. */
export const BUILT = CONTENDERS.filter((contender) => contender !== clockedGate).map(({ name }) => name);

/** A place of the tables where another tuned rule harms fewer devices than our own. */
export interface Loss {
  readonly kind: string;
  readonly rate: number;
  readonly ours: Played;
  readonly better: readonly { readonly name: string; readonly played: Played }[];
}

/**
 * Where others harm fewer, by more than two standard errors of the difference, the least first. Rates up to `tolerate` are
 * left out: there fewer devices harmed means more good releases stopped.
 */
export function lossesOf(compared: readonly Compared[], rates: readonly number[]): readonly Loss[] {
  const rows = compared.map((one) => one.tuned).filter(({ name }) => BUILT.includes(name));
  return KINDS.flatMap((kind, index) =>
    rates.flatMap((rate, column): Loss[] => {
      const ours = playedOf(rows, wavegate.name, index, column);
      if (rate <= GATE.tolerate || ours === undefined) return [];
      const better = rows
        .flatMap(({ name, cells }) => {
          const played = cells[index]?.[column];
          return played !== undefined && isFewer(played, ours) ? [{ name, played }] : [];
        })
        .toSorted((one, other) => one.played.harmed - other.played.harmed);
      return better.length === 0 ? [] : [{ kind: kind.name, rate, ours, better }];
    }),
  );
}

/** The losses as a list for the documentation. */
export function markdownLosses(losses: readonly Loss[]): string {
  const line = ({ kind, rate, ours, better }: Loss): string => {
    const others = better.map(({ name, played }) => `${name} ${count(played)}`).join(", ");
    return `- ${formatPercentage(rate)} ${kind}: ${others}; wavegate ${count(ours)}.`;
  };
  return losses.length === 0 ? "None." : losses.map(line).join("\n");
}

/** True for the rules that harm the fewest, within two standard errors, where fewer is better. */
export function isLeast({
  played,
  rows,
  kind,
  column,
  rates,
}: {
  readonly played: Played;
  readonly rows: readonly Row[];
  readonly kind: number;
  readonly column: number;
  readonly rates: readonly number[];
}): boolean {
  if ((rates[column] ?? 0) <= GATE.tolerate) return false;
  const built = rows
    .filter(({ name }) => BUILT.includes(name))
    .flatMap(({ cells }) => cells[kind]?.[column] ?? []);
  return built.includes(played) && !built.some((other) => isFewer(other, played));
}

function isFewer(one: Played, other: Played): boolean {
  return other.harmed - one.harmed > 2 * Math.hypot(one.harmedError, other.harmedError);
}

function playedOf(rows: readonly Row[], name: string, kind: number, column: number): Played | undefined {
  return rows.find((row) => row.name === name)?.cells[kind]?.[column];
}

function count({ harmed }: Played): string {
  return formatCount(Math.round(harmed));
}
