import type { Device } from "../device.ts";
import type { JsonObject } from "../json-value.ts";
import type { Collection } from "./collection.ts";
import { TWINS } from "./device-property.ts";
import { pathText, type Place, type Statement } from "./expression.ts";
import { compileGroups, isAggregate } from "./grouping.ts";
import { JOBS } from "./job-property.ts";
import { parseStatement } from "./parser.ts";
import { compilePredicate, recordingScope } from "./predicate.ts";
import { compileProjection } from "./projection.ts";
import { withQueryDefaults, type QueryOptions } from "./query-options.ts";
import type { QueryOver } from "./query-result.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";

export type { PageRange, QueryPage } from "./query-result.ts";

/** A query over twins. */
export interface CompiledQuery extends QueryOver<Device> {
  readonly collection: "devices" | "devices.modules";
}

/** A query over what devices have to do in jobs. */
export interface CompiledJobQuery extends QueryOver<JsonObject> {
  readonly collection: "devices.jobs";
}

/** Compile a query over twins, such as a metric; throws QuerySyntaxError with the place of the trouble. */
export function compileQuery(text: string, options: QueryOptions = {}): CompiledQuery {
  const statement = parseStatement(text);
  const query = compileStatement(statement, options);
  if (query.collection !== "devices.jobs") return query;
  const { place } = statement.collection;
  throw new QuerySyntaxError("Misplaced collection devices.jobs", place, "twins alone are counted here");
}

/** Compile a query over any collection; throws QuerySyntaxError with the place of the trouble. */
export function compileAnyQuery(text: string, options: QueryOptions = {}): CompiledQuery | CompiledJobQuery {
  return compileStatement(parseStatement(text), options);
}

function compileStatement(statement: Statement, options: QueryOptions): CompiledQuery | CompiledJobQuery {
  const { collection: path } = statement;
  const collection = pathText(path).toLowerCase();
  switch (collection) {
    case "devices":
    case "devices.modules":
      return { collection, ...compileOver(TWINS, statement, options) };
    case "devices.jobs":
      checkWholeJobs(statement);
      return { collection, ...compileOver(JOBS, statement, options) };
    default:
      throw new QuerySyntaxError(
        `Unknown collection ${pathText(path)}`,
        path.place,
        "the hub has devices, devices.modules and devices.jobs",
      );
  }
}

function compileOver<Row>(
  collection: Collection<Row>,
  statement: Statement,
  options: QueryOptions,
): QueryOver<Row> {
  const { top } = statement;
  if (top !== undefined && (!Number.isSafeInteger(top.rows) || top.rows < 1)) {
    throw new QuerySyntaxError(`TOP ${top.rows}`, top.place, "expected a whole number from 1");
  }
  const { scope, reads } = recordingScope(collection, withQueryDefaults(options));
  const where = statement.where === undefined ? (): true => true : compilePredicate(statement.where, scope);
  const source = { collection, where, scope };
  return {
    ...(isAggregate(statement) ? compileGroups(statement, source) : compileProjection(statement, source)),
    reads,
  };
}

// No projection, no aggregates [facts 3.2].
function checkWholeJobs({ select, groupBy }: Statement): void {
  const refused = (place: Place): QuerySyntaxError =>
    new QuerySyntaxError("Unexpected list of columns", place, "of devices.jobs only SELECT * can be asked");
  const [item] = select === "*" ? [] : select;
  if (item !== undefined) throw refused(item.kind === "property" ? item.path.place : item.place);
  const [key] = groupBy;
  if (key !== undefined) throw refused(key.place);
}
