import type { Problem } from "../model/problem.ts";
import { requestsOf } from "./image-access.ts";
import type { PlanHub } from "./plan-input.ts";

/**
 * Releases of a product with keys that devices were told are public: what a configuration says never changes, so a store
 * that is closed before they are gone closes the way back to them.
 */
export function mixedAccess(product: string, hubs: readonly PlanHub[]): readonly Problem[] {
  const told = hubs.flatMap(({ listing }) => requestsOf(listing, product));
  const open = new Set(told.filter(({ fwAccess }) => fwAccess !== "on-demand").map(({ id }) => id));
  if (open.size === 0) return [];
  return [
    {
      severity: "warning",
      code: "ACCESS_MIXED",
      path: `product ${product}`,
      summary: `devices fetch the images of ${[...open].sort().join(", ")} without a key`,
      hint: "leave the container open to anonymous reads until these are retired",
    },
  ];
}
