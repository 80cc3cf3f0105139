import { parseFleet } from "../model/fleet.ts";
import type { Problem } from "../model/problem.ts";
import { parseRelease } from "../model/release.ts";
import { checkOverrides } from "./check-overrides.ts";
import type { Declared, DeclaredRelease } from "./declared.ts";
import { fleetConditionProblems, releaseConditionProblems } from "./declared-conditions.ts";
import { unknownProduct } from "./unknown-product.ts";

/** What was read from disk, unchecked: default exports and the files they came from. */
export interface RawDeclarations {
  readonly fleet: { readonly value: unknown; readonly file: string };
  readonly releases: readonly { readonly value: unknown; readonly file: string }[];
  /** Absent: there are none. */
  readonly overrides?: readonly { readonly value: unknown; readonly file: string }[];
}

/** Everything declared, product by product, and everything wrong with it. */
export interface CheckedDeclarations {
  readonly products: readonly Declared[];
  /** Every problem once, for showing; each product carries those that block it. */
  readonly problems: readonly Problem[];
}

/** Check a whole set of declarations; all problems at once. A file that is malformed blocks every product. */
export function checkDeclarations(raw: RawDeclarations): CheckedDeclarations {
  const { fleet, problems } = parseFleet(raw.fleet.value, raw.fleet.file);
  const malformed: Problem[] = [...problems];
  const releases: DeclaredRelease[] = [];
  for (const { value, file } of raw.releases) {
    const parsed = parseRelease(value, file);
    if (parsed.release === undefined) malformed.push(...parsed.problems);
    else releases.push({ release: parsed.release, file });
  }
  const overrides = checkOverrides(raw.overrides ?? [], fleet, releases);
  malformed.push(...overrides.malformed);
  if (fleet === undefined) return { products: [], problems: malformed };
  const unknown = releases.flatMap(({ release, file }) => unknownProduct(release.product, file, fleet));
  const ownProblems = (product: string, own: readonly DeclaredRelease[]): readonly Problem[] => [
    ...duplicates(own),
    ...fleetConditionProblems(fleet, product, raw.fleet.file),
    ...own.flatMap(releaseConditionProblems),
    ...overrides.problemsOf(product),
  ];
  const products = Object.keys(fleet.products)
    .sort()
    .map((product): Declared => {
      const own = releases.filter(({ release }) => release.product === product);
      const ownOverrides = overrides.overrides.filter(({ override }) => override.product === product);
      return {
        product,
        fleet,
        releases: own,
        ...(ownOverrides.length === 0 ? {} : { overrides: ownOverrides }),
        problems: [...malformed, ...unknown, ...ownProblems(product, own)],
      };
    });
  const all = [
    ...malformed,
    ...unknown,
    ...products.flatMap(({ product, releases: own }) => ownProblems(product, own)),
  ];
  return { products, problems: all };
}

function duplicates(releases: readonly DeclaredRelease[]): Problem[] {
  return releases.flatMap(({ release, file }, index): Problem[] => {
    const first = releases.findIndex((other) => other.release.version === release.version);
    const other = releases[first];
    if (first === index || other === undefined) return [];
    const summary = `${release.product} ${release.version} is declared in ${other.file} too`;
    return [
      {
        severity: "error",
        code: "DUPLICATE_RELEASE",
        path: file,
        summary,
        hint: "remove one of the two files, or give it a version of its own",
      },
    ];
  });
}
