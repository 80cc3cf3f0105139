import type { TwinPart } from "../twin-part.ts";
import type { Device } from "../device.ts";
import { compileArithmetic } from "./arithmetic.ts";
import type { Collection, Operand, Read, RowPredicate, Truth } from "./collection.ts";
import { compileComparison } from "./comparison.ts";
import type { Expression } from "./expression.ts";
import { compileCall } from "./functions.ts";
import { compileMembership } from "./membership.ts";
import type { QueryOptions } from "./query-options.ts";

/** A condition on devices, made ready to be asked of every one. */
export type Predicate = RowPredicate<Device>;

/** Whose rows an expression is compiled for, and how. */
export interface Scope<Row> {
  readonly property: Collection<Row>["property"];
  readonly options: Required<QueryOptions>;
}

/** A scope that writes down which parts of a device the properties compiled in it belong to. */
export function recordingScope<Row>(
  { property }: Collection<Row>,
  options: Required<QueryOptions>,
): { scope: Scope<Row>; reads: ReadonlySet<TwinPart> } {
  const reads = new Set<TwinPart>();
  const recorded: Collection<Row>["property"] = (path) => {
    const compiled = property(path);
    for (const part of compiled.parts) reads.add(part);
    return compiled;
  };
  return { scope: { property: recorded, options }, reads };
}

/**
 * Compile a condition once. FIDELITY: AND and OR follow Kleene; whether NOT of undefined stays undefined is the option
 * `notOverMissing` [facts 3.2, G].
 */
export function compilePredicate<Row>(expression: Expression, scope: Scope<Row>): RowPredicate<Row> {
  const operand = (of: Expression): Operand<Row> => compileOperand(of, scope);
  switch (expression.kind) {
    case "or":
      return anyOf(expression.terms.map((term) => compilePredicate(term, scope)));
    case "and":
      return allOf(expression.terms.map((term) => compilePredicate(term, scope)));
    case "not":
      return compileNot(compilePredicate(expression.term, scope), scope.options);
    case "comparison":
      return compileComparison(expression.operator, operand(expression.left), operand(expression.right));
    case "in": {
      const choices = expression.choices.map(({ value }) => value);
      return compileMembership(operand(expression.operand), choices, expression.isNegated);
    }
    case "call":
      return compileCall(expression, expression.operands.map(operand), scope.options);
    case "path":
    case "literal":
    case "arithmetic":
      return truthOf(operand(expression).read);
  }
}

function compileOperand<Row>(expression: Expression, scope: Scope<Row>): Operand<Row> {
  switch (expression.kind) {
    case "path":
      return scope.property(expression);
    case "literal": {
      const { value } = expression;
      return { read: () => value, constant: { value } };
    }
    case "arithmetic": {
      const rest = expression.rest.map(({ operator, operand }) => ({
        operator,
        operand: compileOperand(operand, scope),
      }));
      return { read: compileArithmetic(compileOperand(expression.first, scope), rest) };
    }
    default:
      return { read: compilePredicate(expression, scope) };
  }
}

// Two terms, the usual number, are written out: no row pays for a loop over them.
function anyOf<Row>(terms: readonly RowPredicate<Row>[]): RowPredicate<Row> {
  const [one, other] = terms;
  if (terms.length === 2 && one !== undefined && other !== undefined) {
    return (row) => {
      const first = one(row);
      if (first === true) return true;
      const second = other(row);
      return second === true || first === false ? second : undefined;
    };
  }
  return (row) => {
    let result: Truth = false;
    for (const term of terms) {
      const truth = term(row);
      if (truth === true) return true;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function allOf<Row>(terms: readonly RowPredicate<Row>[]): RowPredicate<Row> {
  const [one, other] = terms;
  if (terms.length === 2 && one !== undefined && other !== undefined) {
    return (row) => {
      const first = one(row);
      if (first === false) return false;
      const second = other(row);
      return second === false || first === true ? second : undefined;
    };
  }
  return (row) => {
    let result: Truth = true;
    for (const term of terms) {
      const truth = term(row);
      if (truth === false) return false;
      if (truth === undefined) result = undefined;
    }
    return result;
  };
}

function truthOf<Row>(read: Read<Row>): RowPredicate<Row> {
  return (row): Truth => {
    const value = read(row);
    return typeof value === "boolean" ? value : undefined;
  };
}

function compileNot<Row>(term: RowPredicate<Row>, options: Required<QueryOptions>): RowPredicate<Row> {
  if (options.notOverMissing === "false") return (row) => term(row) !== true;
  return (row) => {
    const truth = term(row);
    return truth === undefined ? undefined : !truth;
  };
}
