import type { Device } from "../device.ts";
import type { JsonValue } from "../json-value.ts";
import type { ComparisonOperator, Expression, LiteralExpression, Operand } from "./expression.ts";
import { compileProperty } from "./property.ts";

/** Three values: a comparison with a missing property, or across types, is undefined and stays so under NOT. */
export type Truth = boolean | undefined;

/** A condition made ready to be asked of every device; only exactly true keeps the device. */
export type Predicate = (device: Device) => Truth;

/**
 * Compile a condition once. Comparisons across types or with a missing property are undefined, for != too
 * [facts 3.2]; FIDELITY: NOT of undefined stays undefined (undocumented), AND and OR follow Kleene.
 */
export function compilePredicate(expression: Expression): Predicate {
  switch (expression.kind) {
    case "or":
      return anyOf(expression.terms.map(compilePredicate));
    case "and":
      return allOf(expression.terms.map(compilePredicate));
    case "not": {
      const term = compilePredicate(expression.term);
      return (device) => {
        const truth = term(device);
        return truth === undefined ? undefined : !truth;
      };
    }
    case "comparison":
      return compileComparison(expression);
    case "in":
      return anyOf(
        expression.choices.map((right) =>
          compileComparison({ operator: "=", left: expression.operand, right }),
        ),
      );
    case "defined": {
      const { read } = compileProperty(expression.path);
      return (device) => read(device) !== undefined;
    }
    case "truth": {
      const { read } = compileOperand(expression.operand);
      return (device) => {
        const value = read(device);
        return typeof value === "boolean" ? value : undefined;
      };
    }
  }
}

function anyOf(terms: readonly Predicate[]): Predicate {
  return (device) => {
    let result: Truth = false;
    for (const term of terms) {
      const truth = term(device);
      if (truth === true) return true;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function allOf(terms: readonly Predicate[]): Predicate {
  return (device) => {
    let result: Truth = true;
    for (const term of terms) {
      const truth = term(device);
      if (truth === false) return false;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

type Comparable = string | number | boolean;

const COMPARISONS: Readonly<Record<ComparisonOperator, (left: Comparable, right: Comparable) => boolean>> = {
  "=": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
};

interface Comparison {
  readonly operator: ComparisonOperator;
  readonly left: Operand;
  readonly right: Operand;
}

function compileComparison({ operator, left, right }: Comparison): Predicate {
  const a = compileOperand(left);
  const b = compileOperand(right);
  const compare = COMPARISONS[operator];
  if (right.kind === "literal" && isComparable(right.value) && !a.isTime) {
    // The common case, made short: a property against a constant.
    const { read } = a;
    const constantValue = right.value;
    const type = typeof constantValue;
    return (device) => {
      const value = read(device);
      return typeof value === type ? compare(value as Comparable, constantValue) : undefined; // of the constant's type
    };
  }
  // FIDELITY: text beside an instant is read as an instant; how Azure compares them is undocumented.
  const valueOf = a.isTime || b.isTime ? instantOf : asIs;
  return (device) => {
    const one = valueOf(a.read(device));
    const other = valueOf(b.read(device));
    if (one === null || other === null) return compareNull(operator, one, other);
    // Only primitives of one type compare, objects and arrays never do [facts 3.2].
    if (one === undefined || typeof one === "object" || typeof other !== typeof one) return undefined;
    return compare(one, other as Comparable); // the line above leaves only a primitive of the same type
  };
}

function isComparable(value: LiteralExpression["value"]): value is Comparable {
  return value !== null && value !== undefined;
}

function compareNull(
  operator: ComparisonOperator,
  one: JsonValue | undefined,
  other: JsonValue | undefined,
): Truth {
  if (one !== other) return undefined;
  return operator === "=" || operator === "<=" || operator === ">=";
}

function asIs(value: JsonValue | undefined): JsonValue | undefined {
  return value;
}

function instantOf(value: JsonValue | undefined): JsonValue | undefined {
  const instant = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}

function compileOperand(operand: Operand): {
  read: (device: Device) => JsonValue | undefined;
  isTime: boolean;
} {
  return operand.kind === "path" ? compileProperty(operand) : constant(operand);
}

function constant({ value }: LiteralExpression): { read: () => JsonValue | undefined; isTime: boolean } {
  return { read: () => value, isTime: false };
}
