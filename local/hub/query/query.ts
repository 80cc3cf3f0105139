import type { TwinPart } from "../twin-part.ts";
import { twinDocument } from "../device-documents.ts";
import type { Device } from "../device.ts";
import type { JsonObject, JsonValue } from "../json-value.ts";
import { pathText, placeText, type SelectItem, type Statement } from "./expression.ts";
import { parseStatement, QuerySyntaxError } from "./parser.ts";
import { compilePredicate, type Predicate } from "./predicate.ts";
import { compileProperty, type Property } from "./property.ts";

/** Longest query text the service takes [facts 3.1]. */
export const MAX_QUERY_LENGTH = 8192;

/** One page of a result; `next` is where the following page starts. */
export interface QueryPage {
  readonly rows: readonly JsonObject[];
  readonly next: number | undefined;
}

/** A query compiled once, to be run over any devices, or modules. */
export interface CompiledQuery {
  readonly collection: "devices" | "devices.modules";
  /** What the rows are, sent as `x-ms-item-type`. */
  readonly itemType: "Twin" | "Raw";
  /** Rows from a place on: 0 at first, then `next` of the page before. */
  readonly page: (devices: Iterable<Device>, range: { from: number; size: number }) => QueryPage;
  /** Counts rows without making them: the value of a custom metric [facts 1.8]. */
  readonly rowCounter: () => RowCounter;
  /** The parts of a twin that it reads. */
  readonly reads: ReadonlySet<TwinPart>;
  /** Whether a device makes a row; undefined where rows are not devices. */
  readonly matches: ((device: Device) => boolean) | undefined;
}

const EVERYTHING: ReadonlySet<TwinPart> = new Set([
  "system",
  "tags",
  "desired",
  "reported",
  "configurations",
]);

/** Counts the rows of a query over the devices it is shown, so that many queries share one pass. */
export interface RowCounter {
  readonly show: (device: Device) => void;
  readonly rows: () => number;
}

/** Compile a query over `devices` or `devices.modules`; throws QuerySyntaxError with the place of the trouble. */
export function compileQuery(text: string): CompiledQuery {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new QuerySyntaxError(`The query takes ${text.length} characters, the limit is ${MAX_QUERY_LENGTH}`);
  }
  const statement = parseStatement(text);
  const collection = pathText(statement.collection);
  const name = collection.toLowerCase();
  if (name !== "devices" && name !== "devices.modules") {
    throw new QuerySyntaxError(
      `Unknown collection ${collection} ${placeText(statement.collection.place)}: the local hub has devices and devices.modules`,
    );
  }
  const where = statement.where === undefined ? everyDevice : compilePredicate(statement.where);
  const compile = isAggregate(statement) ? compileAggregate : compileProjection;
  return { collection: name, ...compile(statement, where) };
}

function everyDevice(): true {
  return true;
}

function isAggregate({ select, groupBy }: Statement): boolean {
  return groupBy.length > 0 || (select !== "*" && select.some((item) => item.kind === "count"));
}

// Rows are devices: a page starts after the sequence number of the last device of the page before.
function compileProjection({ select }: Statement, where: Predicate): Omit<CompiledQuery, "collection"> {
  const columns = select === "*" ? undefined : select.map(compileColumn);
  const row = columns === undefined ? twinDocument : (device: Device): JsonObject => rowOf(columns, device);
  return {
    reads: EVERYTHING,
    matches: (device) => where(device) === true,
    itemType: select === "*" ? "Twin" : "Raw",
    page: (devices, { from, size }) => {
      const rows: JsonObject[] = [];
      let last = from;
      for (const device of devices) {
        if (device.sequence <= from || where(device) !== true) continue;
        if (rows.length === size) return { rows, next: last };
        rows.push(row(device));
        last = device.sequence;
      }
      return { rows, next: undefined };
    },
    rowCounter: () => {
      let count = 0;
      return {
        show: (device) => {
          if (where(device) === true) count += 1;
        },
        rows: () => count,
      };
    },
  };
}

interface Column {
  readonly name: string;
  readonly property: Property | "count";
}

function compileColumn(item: SelectItem): Column {
  // The name of a count without an alias is undocumented; we number it as SQL for documents does.
  if (item.kind === "count") return { name: item.alias ?? "$1", property: "count" };
  const property = compileProperty(item.path);
  return { name: item.alias ?? property.column, property };
}

// A column that the device lacks is absent from the row, not null [facts 3.2].
function rowOf(columns: readonly Column[], device: Device | undefined, count = 0): JsonObject {
  const row: Record<string, JsonValue> = {};
  for (const { name, property } of columns) {
    const value = property === "count" ? count : device === undefined ? undefined : property.read(device);
    if (value !== undefined) row[name] = value;
  }
  return row;
}

// Rows are groups: a page starts at the number of rows already given.
function compileAggregate(statement: Statement, where: Predicate): Omit<CompiledQuery, "collection"> {
  const { columns, key } = compileGroups(statement);
  const grouping = (): { show: (device: Device) => void; groups: ReadonlyMap<string, Group> } => {
    const groups = new Map<string, Group>();
    const show = (device: Device): void => {
      if (where(device) !== true) return;
      // A missing value is a group of its own, its row without the key [facts 3.2, G].
      const value = key?.read(device);
      const name = value === undefined ? "" : JSON.stringify(value);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { sample: device, count: 1 });
      else group.count += 1;
    };
    return { show, groups };
  };
  return {
    reads: EVERYTHING,
    matches: undefined,
    itemType: "Raw",
    page: (devices, { from, size }) => {
      const { show, groups } = grouping();
      for (const device of devices) show(device);
      const rows =
        key === undefined && groups.size === 0
          ? [rowOf(columns, undefined)] // a count of nobody is a row with 0
          : [...groups.values()].map(({ sample, count }) => rowOf(columns, sample, count));
      return {
        rows: rows.slice(from, from + size),
        next: from + size < rows.length ? from + size : undefined,
      };
    },
    rowCounter: () => {
      const { show, groups } = grouping();
      return { show, rows: () => (key === undefined ? 1 : groups.size) };
    },
  };
}

interface Group {
  readonly sample: Device;
  count: number;
}

function compileGroups({ select, groupBy }: Statement): {
  columns: readonly Column[];
  key: Property | undefined;
} {
  const [key, second] = groupBy;
  if (second !== undefined) {
    throw new QuerySyntaxError(
      `Unexpected second GROUP BY key ${pathText(second)} ${placeText(second.place)}: one is taken`,
    );
  }
  if (select === "*")
    throw new QuerySyntaxError("SELECT * cannot be grouped: name the GROUP BY key and COUNT() AS a name");
  const stray = select.find(
    (item) => item.kind === "property" && (key === undefined || !isSamePath(item.path, key)),
  );
  if (stray?.kind === "property") {
    throw new QuerySyntaxError(
      `${pathText(stray.path)} ${placeText(stray.path.place)} stands beside COUNT() but is not the GROUP BY key`,
    );
  }
  return { columns: select.map(compileColumn), key: key === undefined ? undefined : compileProperty(key) };
}

function isSamePath(
  one: { readonly names: readonly string[] },
  other: { readonly names: readonly string[] },
): boolean {
  return (
    one.names.length === other.names.length && one.names.every((name, index) => name === other.names[index])
  );
}
