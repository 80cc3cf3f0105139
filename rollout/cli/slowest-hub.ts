import { hubLimits } from "../model/hub-limits.ts";
import { hubsOf, type HubSettings, type Settings } from "./settings/settings.ts";

/** The hub that takes the fewest calls: its limits say how often one may look. */
export function slowestOf(
  settings: Pick<Settings, "hub" | "otherHubs">,
): Pick<HubSettings, "tier" | "units"> {
  const queries = ({ tier, units }: Pick<HubSettings, "tier" | "units">): number =>
    hubLimits(tier, units).queriesPerMinute;
  return hubsOf(settings).reduce((slowest, hub) => (queries(hub) < queries(slowest) ? hub : slowest));
}
