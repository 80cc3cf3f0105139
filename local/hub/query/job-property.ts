import type { JsonObject } from "../json-value.ts";
import type { Collection, Property } from "./collection.ts";
import { pathText, type PathExpression } from "./expression.ts";
import { readerAt } from "./path-reader.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";
import { instantOf } from "./comparison.ts";

/** The part that one device has in a job [facts 3.2]; rows are the documents themselves. */
export const JOBS: Collection<JsonObject> = {
  property: compileJobProperty,
  document: (job) => job,
  itemType: "DeviceJob",
  place: (_, index) => index,
};

const TIMES = ["startTimeUtc", "endTimeUtc", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"];
const COLUMNS = ["deviceId", "jobId", "jobType", "status", ...TIMES, "outcome"];
const COLUMN_NAMES: ReadonlyMap<string, string> = new Map(
  COLUMNS.map((column) => [column.toLowerCase(), column]),
);

// Addressed bare or as devices.jobs.status [facts 3.2].
function compileJobProperty(path: PathExpression): Property<JsonObject> {
  const isQualified =
    path.names.length > 2 && path.names.slice(0, 2).join(".").toLowerCase() === "devices.jobs";
  const [written = "", ...rest] = isQualified ? path.names.slice(2) : path.names;
  const column = COLUMN_NAMES.get(written.toLowerCase());
  if (column === undefined || (rest.length > 0 && column !== "outcome")) {
    throw new QuerySyntaxError(
      `Unknown property ${pathText(path)}`,
      path.place,
      `a row of devices.jobs has ${COLUMNS.join(", ")}`,
    );
  }
  const names = [column, ...rest];
  const read = readerAt((job: JsonObject) => job, names);
  return {
    read,
    ...(TIMES.includes(column) && { instant: (job: JsonObject) => instantOf(read(job)) }),
    column: rest.at(-1) ?? column,
    names,
    parts: [],
  };
}
