import { fitLaws } from "../../forecast/fit-laws.ts";
import type { FleetLaws } from "../../forecast/laws.ts";
import { pastRolloutOf, type PastRollout } from "../../forecast/past-rollout.ts";
import { coursesOf } from "../../forecast/replay/recorded-course.ts";
import { readChain } from "../../reconcile/store-view.ts";
import type { Session } from "../session.ts";

/** How the devices of a product behave, fitted from the looks of its earlier rollouts; undefined where too little is on record. */
export async function lawsOf(
  product: string,
  { records, settings }: Pick<Session, "records" | "settings">,
  gate: { readonly deadlineMs: number },
): Promise<FleetLaws | undefined> {
  const head = await records.takenMark(product, settings.hub.name);
  const chain = head === undefined ? undefined : await readChain(records, product, head);
  const past: PastRollout[] = [];
  for (const course of coursesOf((chain ?? []).toReversed().map(({ record }) => record))) {
    const rollout = pastRolloutOf(course, await records.looks(product, course.attempt));
    if (rollout !== undefined) past.push(rollout);
  }
  return fitLaws(past, gate);
}
