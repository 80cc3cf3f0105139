import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const CHUNK_BYTES = 1024 * 1024;

/** A line of a file, and whether its end was written: the last line of a file may have been cut by a crash. */
export interface FileLine {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  readonly isWhole: boolean;
}

/** The lines of a file, one after the other; the file may be larger than memory. */
export function* readLines(path: string): Generator<FileLine> {
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let number = 0;
  try {
    for (;;) {
      const bytes = readSync(file, chunk, 0, chunk.length, null);
      if (bytes === 0) break;
      const lines = (rest + decoder.write(chunk.subarray(0, bytes))).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) yield { text, number: (number += 1), isWhole: true };
    }
    if (rest !== "") yield { text: rest, number: number + 1, isWhole: false };
  } finally {
    closeSync(file);
  }
}

/** Pieces of text gathered into chunks worth a system call each. */
export function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    chunk.push(piece);
    length += piece.length;
    if (length < CHUNK_BYTES) continue;
    yield chunk.join("");
    chunk = [];
    length = 0;
  }
  if (length > 0) yield chunk.join("");
}

/** Write all of a text, however often the system takes a part only; returns its bytes. */
export function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  return bytes.length;
}

/** A whole file or none of it: written beside its place, synced, renamed; returns its bytes. */
export function writeWhole(path: string, pieces: Iterable<string>): number {
  const beside = `${path}.new`;
  try {
    const bytes = writeSynced(beside, pieces);
    renameSync(beside, path);
    return bytes;
  } catch (error) {
    // On a full disk its half is what keeps others from writing.
    rmSync(beside, { force: true });
    throw error;
  }
}

function writeSynced(path: string, pieces: Iterable<string>): number {
  const file = openSync(path, "w", 0o600);
  let bytes = 0;
  try {
    for (const chunk of inChunks(pieces)) bytes += writeAll(file, chunk);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return bytes;
}
