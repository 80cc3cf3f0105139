import { WavegateError } from "../model/problem.ts";
import { isRolledOut, type Intent } from "../model/record.ts";
import type { PastRelease } from "../plan/risks/risk-facts.ts";
import type { RecordPort } from "./ports.ts";

/** Releases that are looked back at. */
const MOST = 3;

/** How the latest releases went that reached everyone, by their last looks; a store that fails gives none: it is advice. */
export async function pastReleases(
  product: string,
  intents: readonly Intent[],
  records: Pick<RecordPort, "looks">,
): Promise<readonly PastRelease[]> {
  const over = intents
    .filter(isRolledOut)
    .filter(({ state }) => state === "settled" || state === "watching")
    .slice(-MOST)
    .reverse();
  try {
    const found = await Promise.all(
      over.map(async ({ attempt, version }): Promise<readonly PastRelease[]> => {
        const last = (await records.looks(product, attempt)).at(-1);
        if (last === undefined) return [];
        const tallies = Object.values(last.views.all);
        const failed = tallies.reduce((sum, one) => sum + one.failed, 0);
        const contacted = tallies.reduce((sum, one) => sum + one.ok + one.failed + one.contacted, 0);
        return [{ version, failed, contacted }];
      }),
    );
    return found.flat();
  } catch (error) {
    if (error instanceof WavegateError) return [];
    throw error;
  }
}
