import type { Fleet } from "../model/fleet.ts";
import type { Problem } from "../model/problem.ts";
import { closest } from "../model/schema-problems.ts";

/** The problem of a file that is about a product which the fleet does not declare; none when it does. */
export function unknownProduct(product: string, file: string, fleet: Fleet): readonly Problem[] {
  if (Object.hasOwn(fleet.products, product)) return [];
  const known = Object.keys(fleet.products);
  const near = closest(product, known);
  const others = known.length === 0 ? "" : `, or use one of: ${known.join(", ")}`;
  const hint = near === undefined ? `declare it in fleet.ts${others}` : `did you mean "${near}"?`;
  return [
    {
      severity: "error",
      code: "UNKNOWN_PRODUCT",
      path: `${file}: product`,
      summary: `the fleet has no product "${product}"`,
      hint,
    },
  ];
}
