import { digestOfOverride } from "../model/override-declaration.ts";
import { isRolledOut, type Intent, type Override } from "../model/record.ts";
import type { Declared, DeclaredOverride } from "./declared.ts";

/** The record's word of an override file; undefined while it is not recorded. A file that was edited is another one. */
export function recordedOverride(
  { override }: DeclaredOverride,
  intents: readonly Intent[],
): Override | undefined {
  const digest = digestOfOverride(override);
  return intents
    .filter(isRolledOut)
    .flatMap(({ overrides }) => overrides)
    .findLast(({ file }) => file?.digest === digest);
}

/** Override files that could still be recorded: neither expired nor recorded. */
export function openOverrides(
  { overrides = [] }: Pick<Declared, "overrides">,
  { intents, at }: { readonly intents: readonly Intent[]; readonly at: number },
): readonly DeclaredOverride[] {
  return overrides.filter(
    (declared) => at < declared.override.until && recordedOverride(declared, intents) === undefined,
  );
}
