import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { WavegateError, type Problem } from "../../model/problem.ts";
import { parseRelease, type Release } from "../../model/release.ts";
import type { CheckedDeclarations, RawDeclarations } from "../../plan/check-declarations.ts";

/** Where fleet and releases are declared when nothing says otherwise, from the project's folder. */
export const USUAL_PLACES = { fleet: "rollout/fleet.ts", releases: "rollout/releases" } as const;

/** Read fleet, releases and overrides by path and check them; files that cannot be loaded are problems like any other. */
export async function loadDeclarations(input: {
  readonly fleet: string;
  readonly releases: string;
  /** Default: the folder `overrides` beside the releases. */
  readonly overrides?: string;
  readonly folder: string;
  /** True for who reads them again and again: files that were changed since are read anew; default: false. */
  readonly isReread?: boolean;
}): Promise<CheckedDeclarations> {
  const { fleet, releases, folder, isReread = false } = input;
  const overrides = overridesFolder(input);
  const shown = (path: string): string => shownPath(folder, path);
  const loadedFleet = await loadDeclaration(fleet, shown(fleet), { code: "FLEET_INVALID", isReread });
  if ("problem" in loadedFleet) return { products: [], problems: [loadedFleet.problem] };
  const problems: Problem[] = [];
  const loadAll = async (
    paths: readonly string[],
    code: "RELEASE_INVALID" | "OVERRIDE_INVALID",
  ): Promise<RawDeclarations["releases"]> => {
    const raw: RawDeclarations["releases"][number][] = [];
    for (const path of paths) {
      const loaded = await loadDeclaration(path, shown(path), { code, isReread });
      if ("problem" in loaded) problems.push(loaded.problem);
      else raw.push(loaded);
    }
    return raw;
  };
  const raw = {
    releases: await loadAll(inFolder(releases, await releaseFiles(releases)), "RELEASE_INVALID"),
    overrides: await loadAll(
      inFolder(overrides, await declarationFiles(overrides, "OVERRIDE_INVALID")),
      "OVERRIDE_INVALID",
    ),
  };
  // Loaded late: it brings the parser of conditions, which not everybody who reads a file needs.
  const { checkDeclarations } = await import("../../plan/check-declarations.ts");
  const checked = checkDeclarations({ fleet: loadedFleet, ...raw });
  return {
    products: checked.products.map((declared) => ({
      ...declared,
      problems: [...problems, ...declared.problems],
    })),
    problems: [...problems, ...checked.problems],
  };
}

/** Where override files stand: where the settings say, else beside the releases. */
export function overridesFolder(places: {
  readonly releases: string;
  readonly overrides?: string | undefined;
}): string {
  return places.overrides ?? join(dirname(places.releases), "overrides");
}

/** A path as people in that folder read it: relative, unless it lies elsewhere. */
export function shownPath(folder: string, path: string): string {
  const short = relative(folder, path);
  return short.startsWith("..") ? path : short;
}

/** Read and check one release file, wherever it stands. */
export async function loadRelease(path: string, folder: string): Promise<Release> {
  const file = shownPath(folder, path);
  const loaded = await loadDeclaration(path, file, { code: "RELEASE_INVALID" });
  const checked = "problem" in loaded ? { problems: [loaded.problem] } : parseRelease(loaded.value, file);
  if ("release" in checked && checked.release !== undefined) return checked.release;
  throw new WavegateError("RELEASE_INVALID", `${file} is no release`, {
    hint: "correct it: wavegate lint shows all that is wrong with the declared ones",
    problems: checked.problems,
  });
}

/** Names of the release files of a folder, sorted; none when there is no folder yet. */
export function releaseFiles(folder: string): Promise<readonly string[]> {
  return declarationFiles(folder, "RELEASE_INVALID");
}

async function declarationFiles(
  folder: string,
  code: "RELEASE_INVALID" | "OVERRIDE_INVALID",
): Promise<readonly string[]> {
  try {
    return (await readdir(folder))
      .filter((name) => /\.(ts|mts|js|mjs)$/.test(name) && !name.endsWith(".d.ts"))
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    const what = code === "RELEASE_INVALID" ? "releases" : "overrides";
    throw new WavegateError(code, `the ${what} folder ${folder} cannot be read`, {
      hint: `check declarations.${what} in the settings`,
      cause: error,
    });
  }
}

function inFolder(folder: string, names: readonly string[]): readonly string[] {
  return names.map((name) => join(folder, name));
}

/** Load a declaration by its path, shown as `file`; one that cannot be loaded is a problem. */
export async function loadDeclaration(
  path: string,
  file: string,
  {
    code,
    isReread = false,
  }: {
    readonly code: "FLEET_INVALID" | "RELEASE_INVALID" | "OVERRIDE_INVALID";
    /** True: a file that was changed since is read anew; default: false. */
    readonly isReread?: boolean;
  },
): Promise<{ readonly value: unknown; readonly file: string } | { readonly problem: Problem }> {
  try {
    // A module is loaded once under one address: one that was changed gets another.
    const version = isReread ? `?changed=${(await stat(path)).mtimeMs}` : "";
    // A module's exports are unknown until they are checked.
    const module = (await import(`${pathToFileURL(path).href}${version}`)) as { readonly default?: unknown };
    return { value: module.default, file };
  } catch (error) {
    const summary = `it cannot be loaded: ${error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error)}`;
    const hint = 'it must be a module with one default export, made with the functions of "wavegate"';
    return { problem: { severity: "error", code, path: file, summary, hint } };
  }
}
