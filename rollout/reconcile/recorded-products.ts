import { headOf } from "../model/labels.ts";
import type { Problem } from "../model/problem.ts";
import { parseFleet } from "../model/fleet.ts";
import type { Declared } from "../plan/declared.ts";
import { listHubs } from "./list-hubs.ts";
import type { ReconcilePorts } from "./reconcile.ts";

const REF = /^wg--(?<product>[a-z0-9-]+)$/;

/**
 * What a controller that cannot read its declarations is left with: the products whose head stands in its own record
 * store, with no release declared, and all that is wrong as their problems. Of them it may observe and stop, nothing
 * widens. Another project's products on the same hub are none of its business: their records are not here.
 */
export async function recordedProducts(
  problems: readonly Problem[],
  ports: Pick<ReconcilePorts, "hubs" | "records">,
): Promise<readonly Declared[]> {
  const found = new Map<string, Declared>();
  for (const { listing } of await listHubs(ports.hubs)) {
    for (const { id, labels } of listing?.configurations ?? []) {
      const product = REF.exec(id)?.groups?.["product"];
      const head = headOf(labels);
      if (product === undefined || head === undefined || found.has(product)) continue;
      const { fleet } = parseFleet({ products: { [product]: {} } }, "fleet.ts");
      if (fleet === undefined || (await ports.records.getRecord(product, head)) === undefined) continue;
      found.set(product, { product, fleet, releases: [], problems });
    }
  }
  return [...found.values()];
}
