import type { FleetLaws } from "../forecast/laws.ts";
import type { Session } from "./session.ts";

/** How the devices of a product behave: fitted from its earlier rollouts; undefined where none is on record. */
export async function lawsOf(_product: string, _session: Session): Promise<FleetLaws | undefined> {
  return Promise.resolve(undefined);
}
