import { join } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import type { Context } from "../command.ts";
import { USUAL_PLACES } from "./declarations.ts";
import type { Settings } from "../settings/settings.ts";

/** Where things are declared, for what needs no hub: as the settings say; without settings, in the usual places. */
export async function declaredPlaces({
  settings,
  folder,
}: Pick<Context, "settings" | "folder">): Promise<Settings["declarations"]> {
  try {
    return (await settings()).declarations;
  } catch (error) {
    if (!(error instanceof WavegateError) || error.code !== "SETTINGS_MISSING") throw error;
    return { fleet: join(folder, USUAL_PLACES.fleet), releases: join(folder, USUAL_PLACES.releases) };
  }
}
