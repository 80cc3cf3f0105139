import { hubLimits, type HubTier } from "../model/hub-limits.ts";

/** Most of a hub's calls that somebody who only watches may take: the rollout itself needs a few percent of them. */
const WATCHING_SHARE = 0.5;

/** The pause after which a refresh of so many calls has been paid for, in ms, by the rollout's clock. */
export function refreshPauseMs(
  calls: { readonly queries: number; readonly listings: number },
  hub: { readonly tier: HubTier; readonly units: number },
): number {
  const { queriesPerMinute, configurationCallsPerMinute } = hubLimits(hub.tier, hub.units);
  const minutes = Math.max(
    calls.queries / (queriesPerMinute * WATCHING_SHARE),
    calls.listings / (configurationCallsPerMinute * WATCHING_SHARE),
  );
  return Math.ceil(minutes * 60_000);
}
