import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT } from "../support/command-line.ts";
import { section } from "./doc-files.ts";

const PAGE = readFileSync(join(PROJECT, "docs/architecture.md"), "utf8");

describe("docs/architecture.md", () => {
  it("has the import table that dependency-cruiser checks", () => {
    const rows = section(PAGE, "Layers")
      .split("\n")
      .flatMap((line): [string, string][] => {
        const [, folder, allowed] = line.split("|").map((cell) => cell.trim());
        return folder?.startsWith("`") === true ? [[folder.replaceAll("`", ""), allowed ?? ""]] : [];
      });
    const shown = new Map(rows);
    expect(LAYERS.length).toBeGreaterThan(8);
    for (const { layer, allowed } of LAYERS) {
      // The command line may import all of rollout/, which is said so.
      const names = allowed.length > 6 ? ["all of rollout"] : allowed;
      expect(wordsOf(shown.get(layer) ?? ""), layer).toEqual(names.toSorted());
    }
  });

  it("names files that are there", () => {
    for (const [, file = ""] of PAGE.matchAll(/`((?:rollout|device|local|test)\/[\w./-]+)`/g))
      expect(() => readFileSync(join(PROJECT, file))).not.toThrow(/ENOENT/);
  });
});

interface CruiserRule {
  readonly name: string;
  readonly comment?: string;
}

/** The layers of the cruiser's own rules, with the last names of what they may import. */
const LAYERS = (
  createRequire(import.meta.url)(join(PROJECT, ".dependency-cruiser.cjs")) as {
    readonly forbidden: readonly CruiserRule[];
  }
).forbidden.flatMap(({ name, comment = "" }) => {
  const [, layer, allowed = ""] = /^(\S+) may import only: (.*)$/.exec(comment) ?? [];
  if (!name.startsWith("layer-") || layer === undefined) return [];
  const names = allowed
    .replace(/\\?\.ts/g, "")
    .replaceAll("\\", "")
    .split(", ")
    .flatMap((path) => {
      const [, several] = /\((.*)\)$/.exec(path) ?? [];
      return several === undefined ? [path.split("/").at(-1) ?? ""] : several.split("|");
    });
  return [{ layer, allowed: names.filter((one) => one !== "" && one !== "nothing of ours") }];
});

/** The last names of a cell; what stands in brackets is not ours. */
function wordsOf(cell: string): readonly string[] {
  if (cell.startsWith("nothing")) return [];
  return cell
    .replace(/\(.*\)/, "")
    .split(", ")
    .map((path) => path.trim().split("/").at(-1) ?? "")
    .toSorted();
}
