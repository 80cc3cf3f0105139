import type { JsonObject, JsonValue } from "../json-value.ts";
import type { Collection, Property, RowPredicate } from "./collection.ts";
import type { SelectItem, Statement } from "./expression.ts";
import type { QueryOver } from "./query-result.ts";

/** Where the rows of a query come from. */
export interface RowSource<Row> {
  readonly collection: Collection<Row>;
  readonly where: RowPredicate<Row>;
}

/** Compile a query whose rows are those of its collection; a page ends at the place of its last row. */
export function compileProjection<Row>(
  { select, top }: Statement,
  { collection, where }: RowSource<Row>,
): Omit<QueryOver<Row>, "reads"> {
  const rowFrom = select === "*" ? collection.document : compileColumns(select, collection);
  const most = top?.rows ?? Number.POSITIVE_INFINITY;
  const matches = (row: Row): boolean => where(row) === true;
  return {
    itemType: select === "*" ? collection.itemType : "Raw",
    page: (all, { from, size, given = 0 }) => {
      const rows: JsonObject[] = [];
      const left = most - given;
      let last = from;
      let index = 0;
      for (const row of all) {
        index += 1;
        if (rows.length === left) break;
        const place = collection.place(row, index);
        if (place <= from || where(row) !== true) continue;
        if (rows.length === size) return { rows, next: last, given: given + size };
        rows.push(rowFrom(row));
        last = place;
      }
      return { rows, next: undefined, given: given + rows.length };
    },
    rowCounter: () => {
      let count = 0;
      return {
        show: (row) => {
          if (where(row) === true) count += 1;
        },
        rows: () => Math.min(count, most),
      };
    },
    matches: top === undefined ? matches : undefined,
  };
}

function compileColumns<Row>(
  select: readonly SelectItem[],
  collection: Collection<Row>,
): (row: Row) => JsonObject {
  const columns = select.flatMap((item): [string, Property<Row>][] => {
    if (item.kind === "aggregate") return []; // such a query is not compiled here
    const property = collection.property(item.path);
    return [[item.alias ?? property.column, property]];
  });
  return (row) => rowOf(columns.map(([name, { read }]) => [name, read(row)]));
}

/** A row of named values; one that is missing is absent from the row, not null [facts 3.2]. */
export function rowOf(columns: readonly (readonly [string, JsonValue | undefined])[]): JsonObject {
  // From entries, so that a column called __proto__ is a column.
  return Object.fromEntries(
    columns.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
