import type { BetaShapes } from "./log-beta-ratio.ts";
import { requireChance } from "./require-argument.ts";

/**
 * The prior of a gate, Beta(1, 1/p1 - 1): its mean is the rate that must not ship. It is what keeps a gate from
 * stopping at the first failure of the first device, which a uniform prior would do.
 */
export function priorOf({ reject }: { readonly reject: number }): BetaShapes {
  requireChance("reject", reject);
  return { a: 1, b: 1 / reject - 1 };
}
