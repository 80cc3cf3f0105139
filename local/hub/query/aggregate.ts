import type { JsonValue } from "../json-value.ts";
import type { Collection, Read } from "./collection.ts";
import type { SelectItem } from "./expression.ts";
import { AGGREGATES } from "./functions.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";

/** What an aggregate has seen of one group. */
export interface Tally<Row> {
  readonly show: (row: Row) => void;
  /** Undefined, so an absent column, where nothing seen had a value that counts. */
  readonly value: () => JsonValue | undefined;
}

/** An aggregate of a SELECT list: the count of a group's rows, or a fresh tally for each group. */
export type Aggregate<Row> = "count" | (() => Tally<Row>);

/** Compile an aggregate; throws QuerySyntaxError. Values that are no numbers are passed over [G]. */
export function compileAggregate<Row>(
  { name, path, place }: SelectItem & { kind: "aggregate" },
  collection: Collection<Row>,
): Aggregate<Row> {
  const function_ = name.toUpperCase();
  if (!AGGREGATES.includes(function_)) {
    throw new QuerySyntaxError(`Unknown aggregate ${name}`, place, `the hub has ${AGGREGATES.join(", ")}`);
  }
  if (function_ === "COUNT") {
    if (path === undefined) return "count";
    throw new QuerySyntaxError("Unexpected property in COUNT", path.place, "expected COUNT()");
  }
  if (path === undefined) {
    throw new QuerySyntaxError(`Nothing in ${name}()`, place, `expected a property, as in ${name}(tags.n)`);
  }
  const { read } = collection.property(path);
  if (function_ === "MIN") return () => extremeTally(read, (value, least) => value < least);
  if (function_ === "MAX") return () => extremeTally(read, (value, most) => value > most);
  return () => sumTally(read, function_ === "AVG");
}

function sumTally<Row>(read: Read<Row>, isMean: boolean): Tally<Row> {
  let sum = 0;
  let count = 0;
  return {
    show: (row) => {
      const value = read(row);
      if (typeof value !== "number") return;
      sum += value;
      count += 1;
    },
    value: () => (count === 0 ? undefined : isMean ? sum / count : sum),
  };
}

// Texts, times among them, have extremes too; where a group has numbers as well, those count [G].
function extremeTally<Row>(
  read: Read<Row>,
  isBetter: <Value extends string | number>(value: Value, best: Value) => boolean,
): Tally<Row> {
  let number: number | undefined;
  let text: string | undefined;
  return {
    show: (row) => {
      const value = read(row);
      if (typeof value === "number") {
        if (number === undefined || isBetter(value, number)) number = value;
      } else if (typeof value === "string" && (text === undefined || isBetter(value, text))) {
        text = value;
      }
    },
    value: () => number ?? text,
  };
}
