import type { JsonObject, JsonValue } from "../json-value.ts";
import { compileAggregate, type Aggregate, type Tally } from "./aggregate.ts";
import type { Property, Read } from "./collection.ts";
import { pathText, type SelectItem, type Statement } from "./expression.ts";
import type { Scope } from "./predicate.ts";
import { rowOf, type RowSource } from "./projection.ts";
import type { QueryOver } from "./query-result.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";

/** Whether the rows of a query are groups, or one count. */
export function isAggregate({ select, groupBy }: Statement): boolean {
  return groupBy.length > 0 || (select !== "*" && select.some((item) => item.kind === "aggregate"));
}

/** Compile a query whose rows are groups; a page starts at the number of rows already given. */
export function compileGroups<Row>(
  statement: Statement,
  { collection, where, scope }: RowSource<Row> & { readonly scope: Scope<Row> },
): Omit<QueryOver<Row>, "reads"> {
  const keys = compileKeys(statement, scope);
  const columns = compileColumns(statement, { collection, where, keys });
  const tallies = columns.flatMap(({ content }) => (typeof content === "function" ? [content] : []));
  const most = statement.top?.rows ?? Number.POSITIVE_INFINITY;
  const newGroup = (sample: Row | undefined): Group<Row> => ({
    sample,
    count: 0,
    tallies: tallies.map((newTally) => newTally()),
  });
  const grouping = (): { show: (row: Row) => void; groups: () => readonly Group<Row>[] } => {
    const find = groupFinder(
      keys.map(({ read }) => read),
      newGroup,
    );
    return {
      show: (row) => {
        if (where(row) !== true) return;
        const group = find.group(row);
        group.count += 1;
        if (tallies.length > 0) for (const tally of group.tallies) tally.show(row);
      },
      groups: find.groups,
    };
  };
  return {
    itemType: "Raw",
    page: (rows, { from, size }) => {
      const { show, groups } = grouping();
      for (const row of rows) show(row);
      const found = groups();
      // A count of nobody is a row with 0.
      const all = keys.length === 0 && found.length === 0 ? [newGroup(undefined)] : found;
      const end = Math.min(from + size, all.length, most);
      return {
        rows: all.slice(from, end).map((group) => groupRow(columns, group)),
        next: end < Math.min(all.length, most) ? end : undefined,
        given: end,
      };
    },
    rowCounter: () => {
      const { show, groups } = grouping();
      return { show, rows: () => Math.min(keys.length === 0 ? 1 : groups().length, most) };
    },
    matches: undefined,
  };
}

interface Group<Row> {
  /** Any row of the group: all have the same keys. */
  readonly sample: Row | undefined;
  count: number;
  readonly tallies: readonly Tally<Row>[];
}

// The value itself is the key where it is a primitive: making text of every row's would take longer than all the rest.
function groupFinder<Row>(
  keys: readonly Read<Row>[],
  newGroup: (sample: Row) => Group<Row>,
): { group: (row: Row) => Group<Row>; groups: () => readonly Group<Row>[] } {
  const byValue = new Map<JsonValue | undefined, Group<Row>>();
  const byText = new Map<string, Group<Row>>();
  const groups: Group<Row>[] = [];
  const findIn = <Key>(known: Map<Key, Group<Row>>, key: Key, row: Row): Group<Row> => {
    let group = known.get(key);
    if (group === undefined) {
      group = newGroup(row);
      known.set(key, group);
      groups.push(group);
    }
    return group;
  };
  const [read, second] = keys;
  const group = (row: Row): Group<Row> => {
    // A missing value is a group of its own, its row without the key [facts 3.2, G].
    const value = read?.(row);
    return typeof value === "object" && value !== null
      ? findIn(byText, JSON.stringify(value), row)
      : findIn(byValue, value, row);
  };
  const groupOfMany = (row: Row): Group<Row> => {
    const values = keys.map((key) => key(row)).map((value) => (value === undefined ? [] : [value]));
    return findIn(byText, JSON.stringify(values), row);
  };
  return { group: second === undefined ? group : groupOfMany, groups: () => groups };
}

interface Column<Row> {
  readonly name: string;
  readonly content: Property<Row> | Aggregate<Row>;
}

function groupRow<Row>(columns: readonly Column<Row>[], { sample, count, tallies }: Group<Row>): JsonObject {
  let tally = 0;
  return rowOf(
    columns.map(({ name, content }) => {
      if (content === "count") return [name, count];
      if (typeof content === "function") return [name, tallies[tally++]?.value()];
      return [name, sample === undefined ? undefined : content.read(sample)];
    }),
  );
}

function compileKeys<Row>({ groupBy }: Statement, scope: Scope<Row>): readonly Property<Row>[] {
  const [, second] = groupBy;
  if (second !== undefined && scope.options.groupByKeys === "one") {
    throw new QuerySyntaxError(
      `Unexpected second GROUP BY key ${pathText(second)}`,
      second.place,
      "one is taken (several with groupByKeys: many)",
    );
  }
  return groupBy.map((path) => scope.property(path));
}

function compileColumns<Row>(
  { select, groupBy }: Statement,
  { collection, keys }: RowSource<Row> & { readonly keys: readonly Property<Row>[] },
): readonly Column<Row>[] {
  if (select === "*") {
    const place = groupBy[0]?.place ?? { line: 1, column: 1 };
    throw new QuerySyntaxError(
      "SELECT * cannot be grouped",
      place,
      "name the GROUP BY key and COUNT() AS a name",
    );
  }
  let unnamed = 0;
  return select.map((item: SelectItem): Column<Row> => {
    if (item.kind === "aggregate") {
      // The name of an aggregate without an alias is undocumented; we number it as SQL for documents does.
      const name = item.alias ?? `$${++unnamed}`;
      return { name, content: compileAggregate(item, collection) };
    }
    const property = collection.property(item.path);
    if (!keys.some((key) => isSame(key.names, property.names))) {
      throw new QuerySyntaxError(
        pathText(item.path),
        item.path.place,
        "it stands beside groups but is not a GROUP BY key",
      );
    }
    return { name: item.alias ?? property.column, content: property };
  });
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
