import { findConfiguration } from "../model/configuration.ts";
import { hubLimits } from "../model/hub-limits.ts";
import type { Problem } from "../model/problem.ts";
import type { PlanHub } from "./plan-input.ts";

/** Share of a hub's configurations above which a person should know. */
const NEARLY_FULL = 0.8;

/**
 * Whether every hub has room for what a plan creates. What retirement will free does not count before it is free: an
 * error says so, and the engine retires first then.
 */
export function quotaProblems(input: {
  readonly hubs: readonly PlanHub[];
  /** Ids that have to stand. */
  readonly creates: readonly string[];
  /** Ids that go, once nobody hangs on them. */
  readonly frees: readonly string[];
  /** Configurations that other products of the same plan create beside them; default 0. */
  readonly others?: number | undefined;
}): readonly Problem[] {
  const { hubs, creates, frees, others = 0 } = input;
  return hubs.flatMap(({ name, listing, size }): Problem[] => {
    const there = (id: string): boolean => findConfiguration(listing, id) !== undefined;
    const fresh = creates.filter((id) => !there(id)).length;
    if (fresh === 0) return [];
    const { tier = "S1", units = 1 } = size ?? {};
    const { configurations: most } = hubLimits(tier, units);
    const standing = listing.configurations.length;
    const after = standing + fresh + others;
    const own = listing.configurations.filter(({ labels }) => labels["wg-kind"] !== undefined).length;
    const freed = frees.filter(there).length;
    const beside = others === 0 ? "" : `, beside ${others} of other products`;
    const numbers = `${standing} of ${most} configurations stand on it (${own} of them wavegate's), and ${fresh} more are needed${beside}`;
    const later = freed === 0 ? "" : `; retirement frees ${freed}, the first within an hour or two`;
    const path = `hub ${name}`;
    const hint = "delete what nobody needs: az iot hub configuration list --query [].id";
    if (after > most)
      return [{ severity: "error", code: "CONFIG_QUOTA", path, summary: `${numbers}${later}`, hint }];
    return after > NEARLY_FULL * most
      ? [{ severity: "warning", code: "CONFIG_QUOTA", path, summary: `${numbers}${later}`, hint }]
      : [];
  });
}
