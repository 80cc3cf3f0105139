import type { JsonValue } from "../json-value.ts";
import type { Operand, RowPredicate, Truth } from "./collection.ts";
import { instantOf } from "./comparison.ts";

/**
 * Compile IN: the same as `x = a OR x = b …`, and NIN its negation, but one look-up for a list of any length. FIDELITY: so a
 * value that is missing, or of another type than an item, is in no list and out of none [facts 3.2, G].
 */
export function compileMembership<Row>(
  operand: Operand<Row>,
  choices: readonly (JsonValue | undefined)[],
  isNegated: boolean,
): RowPredicate<Row> {
  const isTime = operand.instant !== undefined;
  const read = operand.instant ?? operand.read;
  const items = isTime ? choices.map(instantOf) : choices;
  const members = new Set<JsonValue | undefined>(
    items.filter((item) => typeof item !== "object" || item === null),
  );
  const kinds = new Set(items.map(kindOf));
  const [onlyKind] = kinds;
  const isPlain = kinds.size === 1;
  const member = !isNegated;
  const stranger = isNegated;
  return (row): Truth => {
    const value = read(row);
    if (value !== undefined && members.has(value)) return member;
    // Told apart for certain only from items of its own kind.
    if (kinds.size === 0) return stranger;
    return isPlain &&
      value !== undefined &&
      value !== null &&
      kindOf(value) === onlyKind &&
      onlyKind !== "list"
      ? stranger
      : undefined;
  };
}

function kindOf(value: JsonValue | undefined): string {
  return value === null ? "null" : typeof value === "object" ? "list" : typeof value;
}
