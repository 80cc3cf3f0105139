import type { NamedRecord } from "../engine/observation.ts";
import type { AttemptId } from "../model/attempt.ts";
import type { Look } from "../model/look.ts";
import { isRolledOut } from "../model/record.ts";
import type { RecordPort } from "../reconcile/ports.ts";

/** The stored looks of every attempt that a chain tells of. */
export async function looksOfChain(
  product: string,
  chain: readonly NamedRecord[],
  records: Pick<RecordPort, "looks">,
): Promise<ReadonlyMap<AttemptId, readonly Look[]>> {
  const attempts = new Set(
    chain.flatMap(({ record }) => record.intents.filter(isRolledOut)).map(({ attempt }) => attempt),
  );
  const looks = new Map<AttemptId, readonly Look[]>();
  for (const attempt of attempts) looks.set(attempt, await records.looks(product, attempt));
  return looks;
}
