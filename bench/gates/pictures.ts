import { formatPercentage } from "../../rollout/model/percentage.ts";
import { lineChart } from "../chart/line-chart.ts";
import { formatCount } from "../figure.ts";
import type { Compared } from "./compare.ts";
import { KINDS } from "./fleet.ts";
import { BUILT } from "./losses.ts";

/** The pictures of docs/gates-comparison.md, by the file of docs/images each belongs in. */
export function comparisonPictures(
  compared: readonly Compared[],
  rates: readonly number[],
): ReadonlyMap<string, string> {
  return new Map(
    KINDS.map((kind, index) => [
      `gates-${kind.name.replaceAll(/[, ]+/g, "-").toLowerCase()}.svg`,
      lineChart({
        title: `Devices harmed before the stop: ${kind.name}`,
        x: {
          label: "devices that the release makes fail",
          scale: "log",
          domain: [rates[0] ?? 0.001, rates.at(-1) ?? 1],
          ticks: rates,
          format: formatPercentage,
        },
        y: {
          label: "devices harmed, mean, of 100,000",
          scale: "log",
          domain: [5, 50_000],
          ticks: [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
          format: formatCount,
        },
        lines: compared.flatMap(({ tuned: { name, cells } }) => ({
          name: BUILT.includes(name) ? name : "with timers, not built",
          ...(BUILT.includes(name) ? {} : { dash: "3 3" }),
          points: rates.map((rate, column) => [rate, cells[index]?.[column]?.harmed ?? NaN] as const),
        })),
      }),
    ]),
  );
}
