import { fitContact } from "./fit-contact.ts";
import { fitDelay } from "./fit-delay.ts";
import { assumedLaws, type FleetLaws } from "./laws.ts";
import type { PastRollout } from "./past-rollout.ts";
import { waveSeries } from "./wave-series.ts";

/** Fewer contacts than this say little about a fleet. */
const LEAST_CONTACTS = 100;

/**
 * How a fleet behaves, from earlier rollouts of the same product: the shares of devices that make contact fast, slowly or
 * never, and the delays of their outcomes, from the increments between looks. undefined where too little was seen. What
 * too few devices did is assumed, and the source says so.
 */
export function fitLaws(
  past: readonly PastRollout[],
  gate: { readonly deadlineMs: number },
): FleetLaws | undefined {
  const waves = past.flatMap(waveSeries);
  const contacts = waves.reduce((sum, { points }) => sum + (points.at(-1)?.contacted ?? 0), 0);
  if (contacts < LEAST_CONTACTS) return undefined;
  const assumed = assumedLaws(gate);
  const success = fitDelay(waves, ({ ok }) => ok);
  const failure = fitDelay(waves, ({ failed }) => failed);
  const looks = past.reduce((sum, one) => sum + one.looks.length, 0);
  const kept = [
    ...(success === undefined ? ["delays of successes"] : []),
    ...(failure === undefined ? ["delays of failures"] : []),
    "late defects",
  ];
  return {
    source: `fitted from ${looks} looks of ${past.map(({ attempt }) => attempt).join(", ")} (assumed: ${kept.join(", ")})`,
    contact: fitContact(waves),
    success: success ?? assumed.success,
    failure: failure ?? assumed.failure,
    late: assumed.late,
  };
}
