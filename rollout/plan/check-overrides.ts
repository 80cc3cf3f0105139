import type { Fleet } from "../model/fleet.ts";
import { parseOverride } from "../model/override-declaration.ts";
import type { Problem } from "../model/problem.ts";
import { closest } from "../model/schema-problems.ts";
import type { DeclaredOverride, DeclaredRelease } from "./declared.ts";
import { unknownProduct } from "./unknown-product.ts";

/** Override files as they were read, checked. */
export interface CheckedOverrides {
  readonly overrides: readonly DeclaredOverride[];
  /** Problems of files that no product can be told from. */
  readonly malformed: readonly Problem[];
  /** Problems of the files about one product. */
  problemsOf(product: string): readonly Problem[];
}

/** Check override files against the releases and the fleet (undefined: it is malformed itself); all problems at once. */
export function checkOverrides(
  raw: readonly { readonly value: unknown; readonly file: string }[],
  fleet: Fleet | undefined,
  releases: readonly DeclaredRelease[],
): CheckedOverrides {
  const overrides: DeclaredOverride[] = [];
  const malformed: Problem[] = [];
  for (const { value, file } of raw) {
    const parsed = parseOverride(value, file);
    if (parsed.override === undefined) malformed.push(...parsed.problems);
    else {
      overrides.push({ override: parsed.override, file });
      if (fleet !== undefined) malformed.push(...unknownProduct(parsed.override.product, file, fleet));
    }
  }
  return {
    overrides,
    malformed,
    problemsOf: (product) => {
      const own = overrides.filter(({ override }) => override.product === product);
      return [...own.flatMap((declared) => unknownWave(declared, releases)), ...duplicates(own)];
    },
  };
}

function unknownWave(
  { override, file }: DeclaredOverride,
  releases: readonly DeclaredRelease[],
): readonly Problem[] {
  const { product, version, wave } = override;
  const own = releases.filter(({ release }) => release.product === product);
  const release = own.find((one) => one.release.version === version)?.release;
  if (release === undefined) {
    const versions = own.map((one) => one.release.version);
    const near = closest(version, versions);
    // No error: when a release has ended its file may go, and what is left of its overrides bars no other one.
    return [
      {
        severity: "warning",
        code: "UNKNOWN_VERSION",
        path: `${file}: version`,
        summary: `no file declares ${product} ${version}: the override says nothing`,
        hint: `${near === undefined ? "" : `did you mean "${near}"? Else `}remove ${file}`,
      },
    ];
  }
  const waves = release.waves.map(({ name }) => name);
  if (waves.includes(wave)) return [];
  const near = closest(wave, waves);
  return [
    {
      severity: "error",
      code: "OVERRIDE_INVALID",
      path: `${file}: wave`,
      summary: `${product} ${version} has no wave "${wave}"`,
      hint:
        near === undefined
          ? `use one of: ${waves.map((name) => `"${name}"`).join(", ")}`
          : `did you mean "${near}"?`,
    },
  ];
}

function duplicates(own: readonly DeclaredOverride[]): readonly Problem[] {
  return own.flatMap(({ override, file }, index): readonly Problem[] => {
    const { product, version, wave } = override;
    const other = own
      .slice(0, index)
      .find((one) => one.override.version === version && one.override.wave === wave);
    if (other === undefined) return [];
    return [
      {
        severity: "error",
        code: "DUPLICATE_OVERRIDE",
        path: file,
        summary: `the gate of wave "${wave}" of ${product} ${version} is overridden in ${other.file} too`,
        hint: "remove the one that is for older counts",
      },
    ];
  });
}
