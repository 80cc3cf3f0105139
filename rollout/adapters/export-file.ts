import { z } from "zod";
import { canonicalJson, digestOf, type Digest } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import { WavegateError } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { StoreContents, StoredFiles } from "../model/store-contents.ts";
import { jsonOf } from "./json-text.ts";
import { lookLine } from "./look-line.ts";
import { readStored } from "./read-stored.ts";

/** A product's whole store as one JSON value. */
export interface StoreExport {
  readonly schemaVersion: 1;
  readonly product: string;
  /** By their digests. */
  readonly records: Readonly<Record<string, RolloutRecord>>;
  /** In stored order, by attempt. */
  readonly looks: Readonly<Record<string, readonly Look[]>>;
  /** Head that each hub last had, by its name. */
  readonly marks: Readonly<Record<string, Digest>>;
  /** Aborts and halts, by the names of their tombstones. */
  readonly tombstones: Readonly<Record<string, Stop>>;
  /** Digest of all the rest. */
  readonly digest: Digest;
}

/** What a store holds, for a file that stands by itself. */
export function exportOf({ product, records, looks, marks, tombstones }: StoreContents): StoreExport {
  const content = {
    schemaVersion: 1,
    product,
    records: Object.fromEntries(records),
    looks: Object.fromEntries(looks),
    marks: Object.fromEntries(marks),
    tombstones: Object.fromEntries(tombstones),
  } as const;
  return { ...content, digest: digestOf(content) };
}

const part = z.record(z.string(), z.unknown());
const shape = z.strictObject({
  schemaVersion: z.literal(1),
  product: z.string(),
  records: part,
  looks: z.record(z.string(), z.array(z.unknown())),
  marks: part,
  tombstones: part,
  digest: z.string(),
});

/** Read an exported file as if it were the store: every part is checked as its own file would be. */
export function readExport(text: string, file: string): StoreContents {
  const parsed = shape.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new WavegateError("STORE_FORMAT", `${file} is no export of a record store`, {
      hint: "write one: wavegate export PRODUCT --out FILE",
      cause: parsed.error,
    });
  }
  const { digest, ...content } = parsed.data;
  const contents = readStored(filesOf(content));
  if (digest === digestOf(content)) return contents;
  const summary = "its digest is not that of its content: it was changed after it was written";
  const hint = "export the store again, or get the file from whoever wrote it";
  return {
    ...contents,
    problems: [{ severity: "error", code: "RECORD_BROKEN", path: file, summary, hint }, ...contents.problems],
  };
}

function filesOf(content: Omit<z.output<typeof shape>, "digest">): StoredFiles {
  const files = (
    values: Readonly<Record<string, unknown>>,
    text: (value: unknown) => string,
  ): ReadonlyMap<string, string> =>
    new Map(Object.entries(values).map(([name, value]) => [`${name}.json`, text(value)]));
  const { product, records, marks, tombstones, looks } = content;
  return {
    product,
    folders: {
      records: files(records, canonicalJson),
      taken: files(marks, (head) => canonicalJson({ schemaVersion: 1, head })),
      terminal: files(tombstones, (stop) => canonicalJson({ schemaVersion: 1, ...asObject(stop) })),
      looks: new Map(
        Object.entries(looks).map(([attempt, series]) => [
          `${attempt}.jsonl`,
          // What is no look becomes a line that is none, and is told.
          series.map((look) => `${lookLine(asObject(look) as unknown as Look)}\n`).join(""),
        ]),
      ),
    },
  };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
