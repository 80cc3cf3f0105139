/** A property of a device twin as a query names it, such as `tags.site` or `configurations.[[fw-1]].status`. */
export interface PathExpression {
  readonly kind: "path";
  readonly names: readonly string[];
  readonly place: Place;
}

/** A constant of a query; `undefined` is one too. */
export interface LiteralExpression {
  readonly kind: "literal";
  readonly value: string | number | boolean | null | undefined;
}

/** What can be compared. */
export type Operand = PathExpression | LiteralExpression;

/** The comparison operators, `<>` folded into `!=`. */
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** The WHERE part of a query, or a target condition. */
export type Expression =
  | { readonly kind: "or" | "and"; readonly terms: readonly Expression[] }
  | { readonly kind: "not"; readonly term: Expression }
  | {
      readonly kind: "comparison";
      readonly operator: ComparisonOperator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: "in";
      readonly operand: Operand;
      readonly choices: readonly LiteralExpression[];
      readonly place: Place;
    }
  | { readonly kind: "defined"; readonly path: PathExpression }
  | { readonly kind: "truth"; readonly operand: Operand };

/** One item of a SELECT list. */
export type SelectItem =
  | { readonly kind: "property"; readonly path: PathExpression; readonly alias: string | undefined }
  | { readonly kind: "count"; readonly alias: string | undefined };

/** A whole query over the devices of a hub. */
export interface Statement {
  /** "*" stands for whole twins. */
  readonly select: "*" | readonly SelectItem[];
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
