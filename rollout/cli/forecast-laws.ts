import { fitLaws, type PastRollout } from "../forecast/fit-laws.ts";
import type { FleetLaws } from "../forecast/laws.ts";
import type { AttemptId } from "../model/attempt.ts";
import { totalOf } from "../model/question.ts";
import { isRolledOut } from "../model/record.ts";
import { readChain } from "../reconcile/store-view.ts";
import type { Session } from "./session.ts";

/** How the devices of a product behave, fitted from the looks of its earlier rollouts; undefined where too little is on record. */
export async function lawsOf(
  product: string,
  { records, settings }: Pick<Session, "records" | "settings">,
  gate: { readonly deadlineMs: number },
): Promise<FleetLaws | undefined> {
  const head = await records.takenMark(product, settings.hub.name);
  const chain = head === undefined ? undefined : await readChain(records, product, head);
  const waves = new Map<AttemptId, { openedAt: number; added: number }[]>();
  for (const { record } of (chain ?? []).toReversed()) {
    for (const { attempt, wave, openedAt, added, only } of record.intents.filter(isRolledOut)) {
      // Another attempt for the devices that failed says nothing of the others.
      if (only !== undefined) continue;
      const own = waves.get(attempt) ?? [];
      own[wave] = { openedAt, added: totalOf(added) };
      waves.set(attempt, own);
    }
  }
  const past: PastRollout[] = [];
  for (const [attempt, own] of waves) {
    const looks = await records.looks(product, attempt);
    if (looks.length > 0) past.push({ attempt, waves: own, looks });
  }
  return fitLaws(past, gate);
}
