import { findConfiguration } from "../model/configuration.ts";
import { hubLimits } from "../model/hub-limits.ts";
import { LABEL } from "../model/labels.ts";
import type { Problem } from "../model/problem.ts";
import { grantsOf } from "./image-access.ts";
import type { PlanHub } from "./plan-input.ts";

/** Configurations that give keys at a time: the standing one, and its successor for an hour. */
const GRANTS = 2;

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
  /** Product whose images open with keys: one configuration gives them, and a second one beside it while they are renewed. */
  readonly keysOf?: string | undefined;
  /** Configurations that other products of the same plan create beside them; default 0. */
  readonly others?: number | undefined;
}): readonly Problem[] {
  const { hubs, creates, frees, keysOf, others = 0 } = input;
  return hubs.flatMap(({ name, listing, size }): Problem[] => {
    const there = (id: string): boolean => findConfiguration(listing, id) !== undefined;
    const keys = keysOf === undefined ? 0 : Math.max(0, GRANTS - grantsOf(listing, keysOf).length);
    const missing = creates.filter((id) => !there(id)).length;
    // Keys alone are no change that a plan is made for.
    const fresh = missing === 0 ? 0 : missing + keys;
    if (fresh === 0) return [];
    const { tier = "S1", units = 1 } = size ?? {};
    const { configurations: most } = hubLimits(tier, units);
    const standing = listing.configurations.length;
    const after = standing + fresh + others;
    const own = listing.configurations.filter(({ labels }) => labels[LABEL.kind] !== undefined).length;
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
