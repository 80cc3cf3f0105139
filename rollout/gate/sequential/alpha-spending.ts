import { logNormalUpperTail, normalQuantile } from "../intervals/normal.ts";
import { requireChance } from "../require-argument.ts";

/** How much of the chance to stop a good release may be spent when a share t of the planned devices has resolved. */
export interface Spending {
  /** Above 0, at most 1. */
  readonly t: number;
  readonly alpha: number;
}

/** O'Brien and Fleming's way to spend, nearly nothing early: 2 (1 - Φ(z(1 - alpha/2) / √t)) [Lan & DeMets 1983]. */
export function spendObrienFleming({ t, alpha }: Spending): number {
  check({ t, alpha });
  return 2 * Math.exp(logNormalUpperTail(-normalQuantile(alpha / 2) / Math.sqrt(t)));
}

/** Pocock's way to spend, nearly evenly: alpha ln(1 + (e-1) t) [Lan & DeMets 1983]. */
export function spendPocock({ t, alpha }: Spending): number {
  check({ t, alpha });
  return alpha * Math.log1p((Math.E - 1) * t);
}

function check({ t, alpha }: Spending): void {
  if (t !== 1) requireChance("t", t);
  requireChance("alpha", alpha);
}
