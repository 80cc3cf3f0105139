import { z } from "zod";

/** A share as people write it: "2%", "0.5%". */
export type Percentage = `${number}%`;

/** Zod schema: percentage text in, a fraction of one out ("2%" → 0.02). */
export const percentageSchema = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const percent = Number(match?.[1]);
  // Ten digits are kept so that "0.3%" is 0.003 and not 0.0029999999999999996.
  if (match !== null && percent <= 100) return Number((percent / 100).toPrecision(10));
  context.addIssue({ code: "custom", message: `"${text}" is no percentage; write "2%" or "0.5%"` });
  return z.NEVER;
});

/** "2%" for 0.02, with at most two decimals. */
export function formatPercentage(fraction: number): Percentage {
  return `${Number((fraction * 100).toFixed(2))}%`;
}
