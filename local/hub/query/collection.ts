import type { JsonObject, JsonValue } from "../json-value.ts";
import type { TwinPart } from "../twin-part.ts";
import type { PathExpression } from "./expression.ts";

/** What a row has for an expression; undefined when it is missing. */
export type Read<Row> = (row: Row) => JsonValue | undefined;

/** Three values: a comparison with a missing property, or across types, is undefined. */
export type Truth = boolean | undefined;

/** A condition made ready to be asked of every row; only exactly true keeps the row. */
export type RowPredicate<Row> = (row: Row) => Truth;

/** Something that has a value for every row. */
export interface Operand<Row> {
  readonly read: Read<Row>;
  /** Present for times, which compare as instants and not as text. */
  readonly instant?: (row: Row) => number | undefined;
  /** Present when the value is the same for every row. */
  readonly constant?: { readonly value: JsonValue | undefined };
}

/** A path made ready to be read from every row. */
export interface Property<Row> extends Operand<Row> {
  /** As a result column is called: the canonical name of a system property, else the last name of the path. */
  readonly column: string;
  /** The path in its canonical spelling: two paths to one property have the same. */
  readonly names: readonly string[];
  readonly parts: readonly TwinPart[];
}

/** A kind of rows that can be asked for, and how. */
export interface Collection<Row> {
  /** The property that a path names; throws QuerySyntaxError where rows have none of that name. */
  readonly property: (path: PathExpression) => Property<Row>;
  /** What `SELECT *` gives, and what that is called in `x-ms-item-type`. */
  readonly document: (row: Row) => JsonObject;
  readonly itemType: "Twin" | "DeviceJob";
  /** Grows from row to row, from 1; a page starts after the place where the page before ended. */
  readonly place: (row: Row, index: number) => number;
}
