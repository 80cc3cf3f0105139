import type { Device } from "../device.ts";
import type { JsonObject } from "../json-value.ts";
import type { TwinPart } from "../twin-part.ts";

/** Where a page starts: 0 and 0 at first, then what the page before says. */
export interface PageRange {
  readonly from: number;
  readonly size: number;
  /** Rows that the pages before gave; left out at first. TOP counts them. */
  readonly given?: number;
}

/** One page of a result; `next` is where the following page starts, undefined on the last. */
export interface QueryPage {
  readonly rows: readonly JsonObject[];
  readonly next: number | undefined;
  /** Rows given so far, this page among them. */
  readonly given: number;
}

/** Counts the rows of a query over what it is shown, so that many queries share one pass. */
export interface RowCounter<Row = Device> {
  readonly show: (row: Row) => void;
  readonly rows: () => number;
}

/** A query compiled once, to be run over any rows of its collection. */
export interface QueryOver<Row> {
  /** What the rows are, sent as `x-ms-item-type`. */
  readonly itemType: "Twin" | "Raw" | "DeviceJob";
  readonly page: (rows: Iterable<Row>, range: PageRange) => QueryPage;
  /** Counts rows without making them: the value of a custom metric [facts 1.8]. */
  readonly rowCounter: () => RowCounter<Row>;
  /** Whether a row makes a row of the result; undefined where rows are groups or TOP cuts them off. */
  readonly matches: ((row: Row) => boolean) | undefined;
  /** The parts of a device that decide which rows there are: those in WHERE and in GROUP BY. */
  readonly reads: ReadonlySet<TwinPart>;
}
