/** A condition, read: what `lint` looks at. It is never evaluated here: who is meant, the hub says. */
export type Expression =
  | { readonly kind: "or" | "and"; readonly terms: readonly Expression[] }
  | { readonly kind: "not"; readonly term: Expression; readonly offset: number }
  | Comparison
  | { readonly kind: "defined"; readonly path: Path }
  /** Legal in a query, not in a target condition. */
  | {
      readonly kind: "in";
      readonly operand: Operand;
      readonly choices: readonly Literal[];
      readonly offset: number;
    }
  | { readonly kind: "call"; readonly name: string; readonly offset: number }
  /** A value with nothing to compare it to. */
  | { readonly kind: "bare"; readonly operand: Operand };

/** Two values compared. */
export interface Comparison {
  readonly kind: "comparison";
  readonly operator: "=" | "!=" | "<" | "<=" | ">" | ">=";
  readonly left: Operand;
  readonly right: Operand;
  readonly offset: number;
}

export type Operand = Path | Literal;

/** A property by its names; `tags.a.b` and `tags['a'].b` are the same. */
export interface Path {
  readonly kind: "path";
  readonly names: readonly string[];
  /** Characters before it. */
  readonly offset: number;
}

/** A constant. */
export interface Literal {
  readonly kind: "literal";
  readonly value: string | number | boolean | null;
  /** As it is written. */
  readonly text: string;
  readonly offset: number;
}

/** A path as people write it. */
export function pathText({ names }: Path): string {
  return names.join(".");
}
