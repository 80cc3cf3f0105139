import type { HubView } from "../engine/observation.ts";
import { WavegateError } from "../model/problem.ts";
import type { HubCallOptions, HubPort } from "./ports.ts";

/**
 * One listing of every hub, at the same time. A hub that does not answer is known as such; when none does, the failure of
 * the first is thrown.
 */
export async function listHubs(
  hubs: readonly HubPort[],
  options: HubCallOptions = {},
): Promise<readonly HubView[]> {
  const answers = await Promise.all(
    hubs.map(async (hub): Promise<HubView & { readonly error?: WavegateError }> => {
      const known = { name: hub.name, ...(hub.size === undefined ? {} : { size: hub.size }) };
      try {
        return { ...known, listing: await hub.list(options) };
      } catch (error) {
        if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
        return { ...known, listing: undefined, error };
      }
    }),
  );
  const [first] = answers;
  if (first?.error !== undefined && answers.every(({ listing }) => listing === undefined)) throw first.error;
  return answers.map(({ name, size, listing }) => ({
    name,
    ...(size === undefined ? {} : { size }),
    listing,
  }));
}
