import type { z } from "zod";
import { parseAttemptId, type AttemptId } from "../model/attempt.ts";
import { canonicalJson, parseDigest, sha256Hex, type Digest } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import { isTombstoneName, tombstoneName, type Stop } from "../model/stop.ts";
import type { StoreContents, StoredFiles, StoreFolder } from "../model/store-contents.ts";
import { parseLookLine } from "./look-line.ts";
import { markSchema, OTHER_VERSION, recordSchema, tombstoneSchema } from "./record-schema.ts";

const RESTORE = "restore it from a backup; wavegate only stops things by a chain that is broken";

/** What is wrong with a file: a sentence, where a backup has the right one. */
type Trouble = string | Pick<Problem, "code" | "summary" | "hint">;

const UNKNOWN_RECORD: Trouble = {
  code: "STORE_FORMAT",
  summary: "it is whole, and no record that this version knows",
  hint: OTHER_VERSION,
};

/** Read the files of a store as strictly as can be: each must be, to the byte, what wavegate writes under its name. */
export function readStored({ product, folders }: StoredFiles): StoreContents {
  const problems: Problem[] = [];
  const records = new Map<Digest, RolloutRecord>();
  const marks = new Map<string, Digest>();
  const tombstones = new Map<string, Stop>();
  const looks = new Map<AttemptId, readonly Look[]>();
  const eachIn = (folder: StoreFolder, read: (stem: string, text: string) => Trouble | undefined): void => {
    for (const [name, text] of folders[folder]) {
      // A writer that died left it beside its place: nobody ever reads it.
      if (name.endsWith(".tmp")) continue;
      const [, stem] = /^(.+)\.jsonl?$/.exec(name) ?? [];
      const trouble = stem === undefined ? "it belongs to nothing" : read(stem, text);
      if (trouble === undefined) continue;
      const told: Pick<Problem, "code" | "summary" | "hint"> =
        typeof trouble === "string" ? { code: "RECORD_BROKEN", summary: trouble, hint: RESTORE } : trouble;
      problems.push({ severity: "error", path: `${folder}/${product}/${name}`, ...told });
    }
  };

  eachIn("records", (stem, text) => {
    const digest = parseDigest(stem);
    if (digest === undefined) return "its name is no digest";
    if (sha256Hex(text) !== digest) return `its content has the digest ${sha256Hex(text).slice(0, 12)}`;
    const record = exactly(recordSchema, text);
    if (record === undefined) return UNKNOWN_RECORD;
    if (record.product !== product) return `it is about ${record.product}`;
    records.set(digest, record);
    return undefined;
  });
  eachIn("taken", (stem, text) => {
    const mark = exactly(markSchema, text);
    if (mark !== undefined) marks.set(stem, mark.head);
    return mark === undefined ? "it is no mark" : undefined;
  });
  eachIn("terminal", (stem, text) => {
    const stop = exactly(tombstoneSchema, text);
    if (stop === undefined || !isTombstoneName(stem) || tombstoneName(stop) !== stem)
      return "it is no tombstone of the release that its name says";
    const { id, kind, attempt, release, actor, at, reason, nonce } = stop;
    tombstones.set(stem, { id, kind, attempt, release, actor, at, reason, nonce });
    return undefined;
  });
  eachIn("looks", (stem, text) => {
    const attempt = parseAttemptId(stem);
    if (attempt === undefined) return "its name is no attempt";
    const lines = text.split("\n");
    const last = lines.pop();
    const parsed = lines.map(parseLookLine);
    const broken = parsed.filter((look) => look === undefined).length + (last === "" ? 0 : 1);
    if (broken > 0) {
      problems.push({
        severity: "warning",
        code: "LOOKS_LOST",
        path: `looks/${product}/${stem}.jsonl`,
        summary: `${broken} of its lines ${broken === 1 ? "is" : "are"} cut short or changed`,
        hint: "that costs power, never validity; restore it from a backup to judge by it again",
      });
    }
    looks.set(
      attempt,
      parsed.filter((look) => look !== undefined),
    );
    return undefined;
  });
  return { product, records, looks, marks, tombstones, problems };
}

/** A value, if the text is its canonical JSON, to the byte. */
function exactly<T>(schema: z.ZodType<T>, text: string): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success && canonicalJson(value) === text ? parsed.data : undefined;
}
