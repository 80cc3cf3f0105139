import type { Digest } from "../model/digest.ts";
import type { RecordPort } from "./ports.ts";
import { readChain } from "./store-view.ts";

/**
 * Note which head a hub has. A mark never goes back: a controller that was paused since its record must not make a hub
 * look as if it had never had what came after.
 */
export async function markForward(
  records: RecordPort,
  product: string,
  hub: string,
  head: Digest,
): Promise<void> {
  const there = await records.takenMark(product, hub);
  if (there === head) return;
  const later = there === undefined ? undefined : await readChain(records, product, there);
  if (later?.some(({ digest }) => digest === head) === true) return;
  await records.markTaken(product, hub, head, there);
}
