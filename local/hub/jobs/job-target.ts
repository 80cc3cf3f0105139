import type { Device } from "../device.ts";
import { QuerySyntaxError } from "../query/parser.ts";
import type { QueryOptions } from "../query/query-options.ts";
import { compileQuery } from "../query/query.ts";
import { argumentInvalid } from "../service-error.ts";

/** Whether a device is one of a job's; "*" is all of them [G]. Refuses a condition that cannot be read. */
export function compileJobTarget(queryCondition: string, options: QueryOptions): (device: Device) => boolean {
  const condition = queryCondition.trim();
  if (condition === "" || condition === "*") return () => true;
  const query = `SELECT * FROM devices WHERE ${condition}`;
  try {
    const { matches } = compileQuery(query, options);
    if (matches !== undefined) return matches;
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw argumentInvalid(`BadRequest: queryCondition in ${query.slice(0, 100)}: ${error.message}`);
  }
  throw argumentInvalid("BadRequest: queryCondition is the part of a query after WHERE, without GROUP BY");
}
