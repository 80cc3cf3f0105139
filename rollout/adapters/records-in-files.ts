import { canonicalJson, digestOf, parseDigest, sha256Hex, type Digest } from "../model/digest.ts";
import { WavegateError } from "../model/problem.ts";
import { isTombstoneName, tombstoneName } from "../model/stop.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { StoreFolder } from "../model/store-contents.ts";
import type { RecordPort } from "../reconcile/ports.ts";
import { jsonOf } from "./json-text.ts";
import { lookLine, parseLookLine } from "./look-line.ts";
import { OTHER_VERSION, recordSchema } from "./record-schema.ts";

/** Text files by path, with a slash between folders: what a record store is kept in. Failures: RECORD_STORE_FAILED. */
export interface TextFiles {
  /** Where a file is, for people. */
  place(path: string): string;
  /** Write a file whole unless it is there. */
  createOnly(path: string, text: string): Promise<void>;
  /** Write a file whole, over a text that is still there (undefined: none); over another one nothing is written. */
  replaceIf(path: string, text: string, before: string | undefined): Promise<void>;
  /** undefined when absent. */
  read(path: string): Promise<string | undefined>;
  /** Names of the files in a folder; none when it is absent. */
  list(folder: string): Promise<readonly string[]>;
  /** Add a line to a series of lines. */
  append(path: string, line: string): Promise<void>;
  readSeries(path: string): Promise<string>;
  /** All files of a folder by name, at once; only where one by one would take long. */
  readonly readFolder?: (folder: string) => Promise<ReadonlyMap<string, string>>;
}

/** A record store in files: one file a record, named by its digest and never changed. */
export function recordsIn(files: TextFiles): RecordPort {
  const recordsOf = (product: string): string => `records/${product}`;
  const markOf = (product: string, hub: string): string => `taken/${product}/${hub}.json`;
  const tombstonesOf = (product: string): string => `terminal/${product}`;
  const looksOf = (product: string, attempt: string): string => `looks/${product}/${attempt}.jsonl`;
  // Records never change, so what was read once stays read.
  const known = new Map<Digest, RolloutRecord>();
  const textOf = recordTexts(files);

  return {
    putRecord: async (record) => {
      // What could not be read back must never be named by a ref.
      recordSchema.parse(record);
      const digest = digestOf(record);
      await files.createOnly(`${recordsOf(record.product)}/${digest}.json`, canonicalJson(record));
      return digest;
    },
    getRecord: async (product, digest) => {
      const cached = known.get(digest);
      if (cached !== undefined) return cached;
      const text = await textOf(recordsOf(product), `${digest}.json`);
      if (text === undefined) return undefined;
      const place = files.place(`${recordsOf(product)}/${digest}.json`);
      const parsed = recordSchema.safeParse(jsonOf(text));
      if (!parsed.success && sha256Hex(text) === digest)
        throw new WavegateError("STORE_FORMAT", `${place} is whole, and no record that this version knows`, {
          hint: OTHER_VERSION,
        });
      if (!parsed.success || digestOf(parsed.data) !== digest)
        throw new WavegateError("RECORD_BROKEN", `${place} does not hold the record its name says`, {
          hint: "restore the file from a backup; wavegate only stops things until then",
        });
      known.set(digest, parsed.data);
      return parsed.data;
    },
    markTaken: async (product, hub, head, before) => {
      const there = before === undefined ? undefined : markText(before);
      await files.replaceIf(markOf(product, hub), markText(head), there);
    },
    takenMark: async (product, hub) => {
      const path = markOf(product, hub);
      const text = await files.read(path);
      if (text === undefined) return undefined;
      const value = jsonOf(text);
      const head =
        typeof value === "object" && value !== null && "head" in value && typeof value.head === "string"
          ? parseDigest(value.head)
          : undefined;
      if (head === undefined)
        throw new WavegateError("STORE_FORMAT", `${files.place(path)} is no mark`, {
          hint: "restore it from a backup",
        });
      return head;
    },
    putTombstone: async (product, stop) => {
      const name = tombstoneName(stop);
      // A label that somebody else wrote names no release: there is nothing to bury.
      if (name === undefined) return;
      const path = `${tombstonesOf(product)}/${name}.json`;
      await files.createOnly(path, canonicalJson({ schemaVersion: 1, ...stop }));
    },
    tombstones: async (product) => {
      const names = await files.list(tombstonesOf(product));
      return new Set(names.map((name) => name.replace(/\.json$/, "")).filter(isTombstoneName));
    },
    appendLook: (product, attempt, look) => files.append(looksOf(product, attempt), lookLine(look)),
    looks: async (product, attempt) => {
      const text = await files.readSeries(looksOf(product, attempt));
      // A line that a crash cut short is a lost look: it costs power, never validity.
      return text.split("\n").flatMap((line) => parseLookLine(line) ?? []);
    },
    contents: async (product) => {
      const texts = async (
        folder: StoreFolder,
        read: (path: string) => Promise<string | undefined>,
      ): Promise<ReadonlyMap<string, string>> => {
        const found = new Map<string, string>();
        for (const name of await files.list(`${folder}/${product}`)) {
          // Later parts of a series are read with its first.
          if (folder === "looks" && /\.\d+\.jsonl$/.test(name)) continue;
          const text = await read(`${folder}/${product}/${name}`);
          if (text !== undefined) found.set(name, text);
        }
        return found;
      };
      const [records, taken, terminal, looks] = await Promise.all([
        texts("records", (path) => files.read(path)),
        texts("taken", (path) => files.read(path)),
        texts("terminal", (path) => files.read(path)),
        texts("looks", (path) => files.readSeries(path)),
      ]);
      return { product, folders: { records, taken, terminal, looks } };
    },
  };
}

function markText(head: Digest): string {
  return canonicalJson({ schemaVersion: 1, head });
}

/**
 * Texts of records. A chain is read link by link: where each takes a while, all that is there is read at once first, so
 * that a look at a fleet with a long history is still fresh when it is acted on.
 */
function recordTexts(files: TextFiles): (folder: string, name: string) => Promise<string | undefined> {
  const ahead = new Map<string, Map<string, string>>();
  return async (folder, name) => {
    let texts = ahead.get(folder);
    if (texts === undefined) {
      texts = new Map(await files.readFolder?.(folder));
      ahead.set(folder, texts);
    }
    const text = texts.get(name) ?? (await files.read(`${folder}/${name}`));
    // Each is used once: one that is broken may have been restored when it is asked for again.
    texts.delete(name);
    return text;
  };
}
