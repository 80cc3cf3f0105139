import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { isLocalHub } from "../actor.ts";
import { releaseFiles } from "../declarations/declarations.ts";
import { loadSettings } from "../settings/load-settings.ts";
import { hubsOf } from "../settings/settings.ts";
import { isLayer, placeLayer } from "../settings/settings-layers.ts";
import { json } from "./starter-files.ts";

/**
 * Files of a repository that goes on with what a local hub has: settings with its keys and its records, the fleet and the
 * releases as they are declared there. Refuses a hub that is none of this machine: its keys belong in no copy.
 */
export async function localDeploymentFiles(
  file: string,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const place = resolve(folder, file);
  const settings = await loadSettings({ flag: place, stackOutputs: undefined, environment: {}, folder });
  if (!hubsOf(settings).every(isLocalHub))
    throw new WavegateError("BAD_OPTION", `the hub of ${file} is none of this machine`, {
      hint: "leave --local out, and name the hub in wavegate.settings.json yourself",
    });
  const { fleet, releases } = settings.declarations;
  const names = await releaseFiles(releases);
  const [text, fleetText, ...releaseTexts] = await Promise.all(
    [place, fleet, ...names.map((name) => join(releases, name))].map(read),
  );
  const written: unknown = JSON.parse(text ?? "");
  if (!isLayer(written)) throw new TypeError(`${file} was checked, and is an object`);
  const declarations = { fleet: `rollout/${basename(fleet)}`, releases: "rollout/releases" };
  return new Map([
    ["wavegate.settings.json", json({ ...placeLayer(written, dirname(place)), declarations })],
    [declarations.fleet, fleetText ?? ""],
    ...names.map((name, index): [string, string] => [
      `${declarations.releases}/${name}`,
      releaseTexts[index] ?? "",
    ]),
  ]);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new WavegateError("SETTINGS_INVALID", `${file} cannot be read`, {
      hint: "check declarations in the settings that --local names",
      cause: error,
    });
  }
}
