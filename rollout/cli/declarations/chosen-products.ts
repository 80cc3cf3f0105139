import { InvariantError, WavegateError } from "../../model/problem.ts";
import { closest } from "../../model/schema-problems.ts";
import type { CheckedDeclarations } from "../../plan/check-declarations.ts";
import type { Declared } from "../../plan/declared.ts";

/** The products a command is about: all, or the one that was named. */
export function chosenProducts(checked: CheckedDeclarations, name: string | undefined): readonly Declared[] {
  const { products } = checked;
  if (name === undefined) return products;
  const found = products.find(({ product }) => product === name);
  if (found !== undefined) return [found];
  const known = products.map(({ product }) => product);
  const near = closest(name, known);
  throw new WavegateError("UNKNOWN_PRODUCT", `the fleet has no product "${name}"`, {
    hint: near === undefined ? `fleet.ts declares: ${known.join(", ") || "none"}` : `did you mean "${near}"?`,
    problems: checked.problems,
  });
}

/** `chosenProducts`, where a fleet that cannot be read is an error, not an empty fleet. */
export function readableProducts(
  checked: CheckedDeclarations,
  name: string | undefined,
): readonly Declared[] {
  if (checked.products.length > 0 || checked.problems.length === 0) return chosenProducts(checked, name);
  throw new WavegateError("FLEET_INVALID", "the fleet cannot be read", {
    hint: "correct it and run: wavegate plan",
    problems: checked.problems,
  });
}

/** The one product a decision is about. */
export function theProduct(checked: CheckedDeclarations, name: string): Declared {
  const [declared] = readableProducts(checked, name);
  if (declared === undefined)
    throw new InvariantError("a product that was named was neither found nor refused");
  return declared;
}
