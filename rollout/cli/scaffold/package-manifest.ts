import { WavegateError } from "../../model/problem.ts";
import { isLayer, type Layer } from "../settings/settings-layers.ts";

/** What package.json has to say, and how it comes to say it. */
export interface PackageManifest {
  readonly manifest: Layer;
  /** Keys that were not there before, as `npm pkg` writes them. */
  readonly added: readonly string[];
  /** Whether the package wavegate is among its dependencies. */
  readonly hasWavegate: boolean;
}

/** Without `type` Node would have to guess that the declarations are modules, and say so at each run. */
const WANTED = {
  private: true,
  type: "module",
  engines: { node: ">=22.18" },
  scripts: { check: "tsc && wavegate lint" },
  devDependencies: { typescript: "~6.0" },
} as const;

/**
 * package.json with what is missing: `npm install` makes one that names wavegate and nothing else. What it says already
 * stays as it is.
 */
export function completeManifest(text: string | undefined): PackageManifest {
  const before = text === undefined ? {} : parsed(text);
  const { type } = before;
  if (type !== undefined && type !== WANTED.type)
    throw new WavegateError("BAD_OPTION", `package.json says "type": ${JSON.stringify(type)}`, {
      hint: "declarations are modules: npm pkg set type=module",
    });
  const manifest: Record<string, unknown> = { ...before };
  const added: string[] = [];
  for (const [key, value] of Object.entries(WANTED)) {
    const there = before[key];
    if (there === undefined) {
      manifest[key] = value;
      added.push(key);
    } else if (isLayer(there) && typeof value === "object") {
      const missing = Object.entries(value).filter(([name]) => there[name] === undefined);
      manifest[key] = { ...there, ...Object.fromEntries(missing) };
      added.push(...missing.map(([name]) => `${key}.${name}`));
    }
  }
  const hasWavegate = [before["dependencies"], before["devDependencies"]].some(
    (names) => isLayer(names) && names["wavegate"] !== undefined,
  );
  return { manifest, added, hasWavegate };
}

function parsed(text: string): Layer {
  try {
    const value: unknown = JSON.parse(text);
    if (isLayer(value)) return value;
  } catch {
    // Said below, with what is no object.
  }
  throw new WavegateError("BAD_OPTION", "package.json is no JSON object", {
    hint: "correct it (npm pkg get shows what npm makes of it), or choose another folder",
  });
}
