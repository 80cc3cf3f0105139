import { dirname, resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { problemsFromZod } from "../../model/schema-problems.ts";
import { settingsSchema, type Settings } from "./settings.ts";
import { firstThere, jsonOf, refuseSharedKey } from "./settings-file.ts";
import { DEFAULT_PLACES, environmentLayer, isLayer, mergeLayers, placeLayer } from "./settings-layers.ts";
import { readStackOutputs, settingsOfOutputs } from "./stack-outputs.ts";

/** Places the settings are looked for when no flag and no environment variable names them. */
const PROJECT_FILE = "wavegate.settings.json";
const DEMO_FILE = ".wavegate/demo/settings.json";

/** Where settings may come from. */
export interface SettingsSources {
  /** `--settings`. */
  readonly flag: string | undefined;
  /** `--stack-outputs`. */
  readonly stackOutputs: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

/**
 * Find and read the settings. Value by value: `WAVEGATE_*` variables, then a settings file, then a stack's outputs. The
 * file: flag, `WAVEGATE_SETTINGS`, `./wavegate.settings.json`, then that of a demo, which never stands in for a stack.
 */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  const { flag, environment, folder } = sources;
  const outputsFile = sources.stackOutputs ?? environment["WAVEGATE_STACK_OUTPUTS"];
  const outputs =
    outputsFile === undefined ? undefined : await readStackOutputs(resolve(folder, outputsFile));
  // Somebody who names a hub this way needs no file, and means no demo.
  const isStack = outputs !== undefined || environment["WAVEGATE_HUB_HOST_NAME"] !== undefined;
  const named = flag ?? environment["WAVEGATE_SETTINGS"];
  const places = named !== undefined ? [named] : isStack ? [PROJECT_FILE] : [PROJECT_FILE, DEMO_FILE];
  const found = await firstThere(places.map((place) => resolve(folder, place)));
  if (found === undefined && (named !== undefined || !isStack)) {
    throw new WavegateError("SETTINGS_MISSING", `no settings at ${named ?? places.join(" or ")}`, {
      hint: "try everything on this machine with `npm start`, or name a file: --settings FILE (`wavegate init` writes one to copy)",
    });
  }
  const inFile = found === undefined ? {} : jsonOf(found.text, found.file);
  if (found !== undefined) await refuseSharedKey(found.file, inFile, environment);
  const file = found?.file ?? outputsFile ?? "the environment";
  // What is no object is malformed, and said to be.
  if (!isLayer(inFile)) return parseSettings(inFile, file);
  const under = mergeLayers([
    ...(isStack ? [placeLayer(DEFAULT_PLACES, folder)] : []),
    ...(outputs === undefined ? [] : [settingsOfOutputs(outputs)]),
    found === undefined ? {} : placeLayer(inFile, dirname(found.file)),
  ]);
  const variables = environmentLayer(environment, { clientId: outputs?.rolloutClientId, under });
  return parseSettings(mergeLayers([under, placeLayer(variables, folder)]), file);
}

function parseSettings(value: unknown, file: string): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return { ...parsed.data, file };
  const problems = problemsFromZod({
    error: parsed.error,
    code: "SETTINGS_INVALID",
    file,
    shape: settingsSchema,
  });
  throw new WavegateError("SETTINGS_INVALID", `${file} is malformed`, {
    hint: "correct it and run the command again",
    problems,
  });
}
