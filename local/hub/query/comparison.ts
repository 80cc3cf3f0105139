import type { JsonValue } from "../json-value.ts";
import type { Operand, Read, RowPredicate, Truth } from "./collection.ts";
import type { ComparisonOperator } from "./expression.ts";

/**
 * Compile a comparison. Only primitives of one type compare; anything else, a missing property among it, is undefined,
 * for != too [facts 3.2]. FIDELITY: null equals null and nothing else; text beside a time is read as an instant.
 */
export function compileComparison<Row>(
  operator: ComparisonOperator,
  left: Operand<Row>,
  right: Operand<Row>,
): RowPredicate<Row> {
  if (left.constant !== undefined && right.constant === undefined) {
    return compileComparison(MIRRORED[operator], right, left);
  }
  if (left.instant !== undefined || right.instant !== undefined) {
    return compareInstants(operator, instantReader(left), instantReader(right));
  }
  if (right.constant !== undefined) {
    // The common case, made short: a property against a constant.
    const { value } = right.constant;
    if (typeof value === "string") return compareToText(operator, left.read, value);
    if (typeof value === "number") return compareToNumber(operator, left.read, value);
  }
  const a = left.read;
  const b = right.read;
  return (row) => compareValues(operator, a(row), b(row));
}

/** The instant that a value names; undefined for what is no time. */
export function instantOf(value: JsonValue | undefined): number | undefined {
  const instant = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}

const MIRRORED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

// One closure for each operator, so that no row pays for choosing it.
function compareToText<Row>(operator: ComparisonOperator, read: Read<Row>, text: string): RowPredicate<Row> {
  switch (operator) {
    case "=":
      return (row) => {
        const value = read(row);
        return typeof value === "string" ? value === text : undefined;
      };
    case "!=":
      return (row) => {
        const value = read(row);
        return typeof value === "string" ? value !== text : undefined;
      };
    default:
      return (row) => {
        const value = read(row);
        return typeof value === "string" ? comparePrimitives(operator, value, text) : undefined;
      };
  }
}

function compareToNumber<Row>(
  operator: ComparisonOperator,
  read: Read<Row>,
  number: number,
): RowPredicate<Row> {
  const compared = (compare: (value: number) => boolean): RowPredicate<Row> => {
    return (row) => {
      const value = read(row);
      return typeof value === "number" ? compare(value) : undefined;
    };
  };
  switch (operator) {
    case "=":
      return compared((value) => value === number);
    case "!=":
      return compared((value) => value !== number);
    // The two that bound a rollout's buckets are written out: every row of a fleet is asked them, and pays for no call.
    case "<":
      return (row) => {
        const value = read(row);
        return typeof value === "number" ? value < number : undefined;
      };
    case ">=":
      return (row) => {
        const value = read(row);
        return typeof value === "number" ? value >= number : undefined;
      };
    case "<=":
      return compared((value) => value <= number);
    case ">":
      return compared((value) => value > number);
  }
}

function compareValues(
  operator: ComparisonOperator,
  one: JsonValue | undefined,
  other: JsonValue | undefined,
): Truth {
  if (one === null || other === null) return one === other ? compareEqual(operator) : undefined;
  if (one === undefined || typeof one === "object") return undefined;
  if (other === undefined || typeof other === "object" || typeof one !== typeof other) return undefined;
  return comparePrimitives(operator, one, other);
}

function compareEqual(operator: ComparisonOperator): boolean {
  return operator === "=" || operator === "<=" || operator === ">=";
}

function comparePrimitives<Primitive extends string | number | boolean>(
  operator: ComparisonOperator,
  one: Primitive,
  other: Primitive,
): boolean {
  switch (operator) {
    case "=":
      return one === other;
    case "!=":
      return one !== other;
    case "<":
      return one < other;
    case "<=":
      return one <= other;
    case ">":
      return one > other;
    case ">=":
      return one >= other;
  }
}

type ReadInstant<Row> = (row: Row) => number | undefined;

function instantReader<Row>({ instant, constant, read }: Operand<Row>): ReadInstant<Row> {
  if (instant !== undefined) return instant;
  if (constant === undefined) return (row) => instantOf(read(row));
  const known = instantOf(constant.value);
  return () => known;
}

function compareInstants<Row>(
  operator: ComparisonOperator,
  left: ReadInstant<Row>,
  right: ReadInstant<Row>,
): RowPredicate<Row> {
  return (row) => {
    const one = left(row);
    const other = right(row);
    return one === undefined || other === undefined ? undefined : comparePrimitives(operator, one, other);
  };
}
