import type { HubView } from "../engine/observation.ts";
import { WavegateError } from "../model/problem.ts";
import type { HubCallOptions, HubPort } from "./ports.ts";

/**
 * How much longer than the first hub the others may take, real ms. What the first has listed is good for a minute, and one
 * hub that hangs must not keep a stop from the others.
 */
const LATE_AFTER_MS = { urgent: 5_000, ordinary: 30_000 } as const;

/**
 * One listing of every hub, at the same time. A hub that does not answer, or not long after the first, is known as such;
 * when none does, the failure of the first is thrown.
 */
export async function listHubs(
  hubs: readonly HubPort[],
  options: HubCallOptions = {},
): Promise<readonly HubView[]> {
  const late = new AbortController();
  const lateness = new Promise<never>((_, reject) => {
    late.signal.addEventListener("abort", () => {
      reject(new WavegateError("HUB_UNREACHABLE", "it did not answer when the others had", { hint: "" }));
    });
  });
  lateness.catch(() => undefined); // Where every hub answers in time nobody waits for it.
  const signal = AbortSignal.any([late.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  let patience: NodeJS.Timeout | undefined;
  const answers = await Promise.all(
    hubs.map(async (hub): Promise<HubView & { readonly error?: WavegateError }> => {
      const known = { name: hub.name, ...(hub.size === undefined ? {} : { size: hub.size }) };
      try {
        const listing = await Promise.race([hub.list({ ...options, signal }), lateness]);
        patience ??= setTimeout(
          () => {
            late.abort();
          },
          options.urgent === true ? LATE_AFTER_MS.urgent : LATE_AFTER_MS.ordinary,
        );
        return { ...known, listing };
      } catch (error) {
        const isLate = late.signal.aborted && options.signal?.aborted !== true;
        if (!(error instanceof WavegateError) || (error.code === "INTERRUPTED" && !isLate)) throw error;
        return { ...known, listing: undefined, error };
      }
    }),
  ).finally(() => {
    clearTimeout(patience);
  });
  const [first] = answers;
  if (first?.error !== undefined && answers.every(({ listing }) => listing === undefined)) throw first.error;
  return answers.map(({ name, size, listing }) => ({
    name,
    ...(size === undefined ? {} : { size }),
    listing,
  }));
}
