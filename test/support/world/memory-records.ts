import { lookLine } from "../../../rollout/adapters/look-line.ts";
import { canonicalJson, digestOf, type Digest } from "../../../rollout/model/digest.ts";
import type { Look } from "../../../rollout/model/look.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { tombstoneName, type Stop } from "../../../rollout/model/stop.ts";
import type { RecordPort } from "../../../rollout/reconcile/ports.ts";
import type { Around } from "./around.ts";

/** A record store in memory, and what is in it. */
export interface MemoryRecords {
  readonly port: RecordPort;
  readonly records: Map<Digest, RolloutRecord>;
  readonly tombstones: Set<string>;
}

/** An empty store. */
export function memoryRecords(at: Around): MemoryRecords {
  const records = new Map<Digest, RolloutRecord>();
  const marks = new Map<string, Digest>();
  const tombstones = new Set<string>();
  const buried = new Map<string, Stop>();
  const looks = new Map<string, Look[]>();
  const port: RecordPort = {
    putRecord: (record) =>
      at("put record", () => {
        const digest = digestOf(record);
        records.set(digest, JSON.parse(canonicalJson(record)) as RolloutRecord);
        return digest;
      }),
    getRecord: (_, digest) => at("get record", () => records.get(digest)),
    markTaken: (product, name, head, before) =>
      at("mark", () => {
        if (marks.get(`${product} ${name}`) === before) marks.set(`${product} ${name}`, head);
      }),
    takenMark: (product, name) => at("taken mark", () => marks.get(`${product} ${name}`)),
    putTombstone: (_, stop) =>
      at("tombstone", () => {
        const name = tombstoneName(stop) ?? stop.release;
        tombstones.add(name);
        if (!buried.has(name)) buried.set(name, stop);
      }),
    tombstones: () => at("tombstones", () => new Set(tombstones)),
    appendLook: (_, attempt, look) =>
      at("append look", () => void looks.set(attempt, [...(looks.get(attempt) ?? []), look])),
    looks: (_, attempt) => at("looks", () => looks.get(attempt) ?? []),
    contents: (product) =>
      at("contents", () => {
        const ofProduct = [...marks].filter(([key]) => key.startsWith(`${product} `));
        const folders = {
          records: new Map([...records].map(([digest, record]) => [`${digest}.json`, canonicalJson(record)])),
          taken: new Map(
            ofProduct.map(([key, head]) => [
              `${key.slice(product.length + 1)}.json`,
              canonicalJson({ schemaVersion: 1, head }),
            ]),
          ),
          terminal: new Map(
            [...buried].map(([release, stop]) => [
              `${release}.json`,
              canonicalJson({ schemaVersion: 1, ...stop }),
            ]),
          ),
          looks: new Map(
            [...looks].map(([attempt, series]) => [
              `${attempt}.jsonl`,
              series.map((look) => `${lookLine(look)}\n`).join(""),
            ]),
          ),
        };
        return { product, folders };
      }),
  };
  return { port, records, tombstones };
}
