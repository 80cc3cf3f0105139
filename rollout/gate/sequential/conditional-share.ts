import { requireChance, requireCount } from "../require-argument.ts";

/** Events of one tick, among devices that took the update and among those that did not. */
export interface EventTick {
  /** Treated share of the exposed device-hours, known before the tick's events. */
  readonly rho: number;
  readonly eventsTreated: number;
  readonly eventsControl: number;
}

/**
 * Share of events that falls on treated devices when they have `ratio` times the rate of the others: given that an event
 * happened, only this is left to chance, so outages that hit everyone cancel out [Lindon & Malek 2022].
 */
export function conditionalShare({ rho, ratio }: { readonly rho: number; readonly ratio: number }): number {
  requireChance("rho", rho);
  if (!(ratio > 0 && ratio < Infinity)) throw new RangeError(`ratio must be above 0; it is ${ratio}`);
  return (rho * ratio) / (rho * ratio + 1 - rho);
}

/** ln of the likelihood ratio of one rate ratio against another, over ticks whose shares may differ. */
export function conditionalLogRatio({
  ticks,
  ratio,
  nullRatio,
}: {
  readonly ticks: readonly EventTick[];
  readonly ratio: number;
  readonly nullRatio: number;
}): number {
  let logRatio = 0;
  for (const { rho, eventsTreated, eventsControl } of ticks) {
    requireCount("eventsTreated", eventsTreated);
    requireCount("eventsControl", eventsControl);
    const share = conditionalShare({ rho, ratio });
    const nullShare = conditionalShare({ rho, ratio: nullRatio });
    logRatio += eventsTreated * Math.log(share / nullShare);
    logRatio += eventsControl * (Math.log1p(-share) - Math.log1p(-nullShare));
  }
  return logRatio;
}
