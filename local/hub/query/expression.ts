import type { JsonValue } from "../json-value.ts";

/** A property of a row as a query names it, such as `tags.site` or `configurations.[[fw-1]].status`. */
export interface PathExpression {
  readonly kind: "path";
  readonly names: readonly string[];
  readonly place: Place;
}

/** A constant of a query; `undefined` is one too, and so is a list. */
export interface LiteralExpression {
  readonly kind: "literal";
  readonly value: JsonValue | undefined;
}

/** The comparison operators, `<>` folded into `!=`. */
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** The arithmetic operators. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

/** Anything that has a value for a row; the WHERE part of a query and a target condition are expressions. */
export type Expression =
  | PathExpression
  | LiteralExpression
  | { readonly kind: "or" | "and"; readonly terms: readonly Expression[] }
  | { readonly kind: "not"; readonly term: Expression }
  | ComparisonExpression
  | InExpression
  | ArithmeticExpression
  | CallExpression;

/** Two values compared. */
export interface ComparisonExpression {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** IN, or NIN where it is negated. */
export interface InExpression {
  readonly kind: "in";
  readonly isNegated: boolean;
  readonly operand: Expression;
  readonly choices: readonly LiteralExpression[];
  readonly place: Place;
}

/** Operators of one rank from left to right; flat, so that a long sum is no deep tree. */
export interface ArithmeticExpression {
  readonly kind: "arithmetic";
  readonly first: Expression;
  readonly rest: readonly { readonly operator: ArithmeticOperator; readonly operand: Expression }[];
  readonly place: Place;
}

/** A function and what it is asked about. */
export interface CallExpression {
  readonly kind: "call";
  readonly name: string;
  readonly operands: readonly Expression[];
  readonly place: Place;
}

/** One item of a SELECT list; an aggregate's name is not yet known to be one. */
export type SelectItem =
  | { readonly kind: "property"; readonly path: PathExpression; readonly alias: string | undefined }
  | {
      readonly kind: "aggregate";
      readonly name: string;
      readonly path: PathExpression | undefined;
      readonly place: Place;
      readonly alias: string | undefined;
    };

/** A whole query over one collection of a hub. */
export interface Statement {
  /** "*" stands for whole rows. */
  readonly select: "*" | readonly SelectItem[];
  readonly top: { readonly rows: number; readonly place: Place } | undefined;
  readonly collection: PathExpression;
  readonly where: Expression | undefined;
  readonly groupBy: readonly PathExpression[];
}

/** Where in the text something stands, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A path as it was written, for messages. */
export function pathText(path: PathExpression): string {
  return path.names.join(".");
}

/** A place in words, for messages. */
export function placeText({ line, column }: Place): string {
  return `at line ${line}, column ${column}`;
}
