import { z } from "zod";
import type { JournalLine } from "../journal.ts";
import { jsonOrUndefined, type JsonObject } from "../json-value.ts";
import { readLines, writeWhole } from "./line-file.ts";

const FORMAT = "local IoT hub";
const SCHEMA_VERSION = 1;

/** The first line of every file of state, with its end. */
export const HEADER = `${JSON.stringify([FORMAT, { schemaVersion: SCHEMA_VERSION }])}\n`;

const line = z.tuple([z.string(), z.record(z.string(), z.unknown())]);

/** A file of state cannot be used: which, where and what to do. */
export class StateFileError extends Error {
  override readonly name = "StateFileError";
}

/**
 * The lines of a file of state, after its header. The last one is left out when it lacks its end: a crash cut it off
 * before anybody was told that it was accepted.
 */
export function* readStateLines(path: string): Generator<JournalLine> {
  for (const { text, number, isWhole } of readLines(path)) {
    if (!isWhole) return;
    const parsed = line.safeParse(jsonOrUndefined(text));
    if (!parsed.success) {
      throw new StateFileError(
        `${path}, line ${number} is damaged: take the folder from a copy, or start with an empty one`,
      );
    }
    const [name, entry] = parsed.data;
    if (number > 1)
      yield [name, entry as JsonObject]; // parsed from JSON
    else if (name !== FORMAT || entry["schemaVersion"] !== SCHEMA_VERSION) {
      throw new StateFileError(
        `${path} is not state of a local hub of version ${SCHEMA_VERSION}: choose another folder`,
      );
    }
  }
}

/** Write a whole state under a path; returns its bytes. */
export function writePicture(path: string, lines: Iterable<string>): number {
  return writeWhole(path, withHeader(lines));
}

/** Read a file of state to its end; throws where it is damaged. */
export function checkPicture(path: string): void {
  const lines = readStateLines(path);
  while (lines.next().done !== true);
}

function* withHeader(lines: Iterable<string>): Generator<string> {
  yield HEADER;
  yield* lines;
}
