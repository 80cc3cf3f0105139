import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { OpenJournal } from "../journal.ts";
import { inChunks, writeAll } from "./line-file.ts";
import { HEADER, readStateLines, writePicture } from "./state-line.ts";

/** The state of a hub on disk: the last whole picture, and the journal of what was accepted since. */
export interface StateFolder extends AsyncDisposable {
  /** Write the whole state down now, in place of all that was written before. */
  readonly rewrite: () => void;
}

/** How a state folder behaves. */
export interface StateFolderOptions {
  readonly folder: string;
  readonly journal: OpenJournal;
  /** A journal that has grown beyond this, and beyond the picture it continues, becomes a new picture. */
  readonly rewriteBytes?: number;
  /** Hears of a picture that could not be written; nothing is lost by that, the journal goes on. */
  readonly onTrouble?: (error: unknown) => void;
}

const DEFAULT_REWRITE_BYTES = 64 * 1024 * 1024;

/**
 * Bring the journal's participants to the state in a folder, and keep the folder up to date from then on: every entry
 * is with the operating system before anybody is told that it was accepted, so the end of this process, however sudden,
 * loses none. (A power cut may.)
 *
 * Files are numbered. `<n>.picture` is a whole state; `<n>.journal` is what happened after it, and before n + 1.
 */
export function openStateFolder(options: StateFolderOptions): StateFolder {
  const { folder, journal, rewriteBytes = DEFAULT_REWRITE_BYTES, onTrouble = () => undefined } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeLeftovers(folder);
  const found = numberedFiles(folder);
  const base = Math.max(0, ...found.filter(({ kind }) => kind === "picture").map(({ number }) => number));
  const isCurrent = ({ number, kind }: NumberedFile): boolean =>
    kind === "picture" ? number === base : number >= base;
  for (const { path } of found.filter(isCurrent))
    for (const line of readStateLines(path)) journal.replay(line);

  let number = Math.max(0, ...found.map((file) => file.number)) + 1;
  let file = openJournal(folder, number);
  /** Of this file, and of all since the picture. */
  let fileBytes = HEADER.length;
  let journalBytes = sum(found.filter((one) => isCurrent(one) && one.kind === "journal").map(sizeOf));
  let pictureBytes = sum(found.filter((one) => isCurrent(one) && one.kind === "picture").map(sizeOf));
  let rewriting: Promise<void> | undefined;
  removeFiles(found.filter((one) => !isCurrent(one)));

  /** What is recorded from now on belongs after the picture that is taken now. */
  const turnPage = (): Iterable<string> => {
    number += 1;
    const next = openJournal(folder, number);
    closeSync(file);
    file = next;
    fileBytes = HEADER.length;
    journalBytes = 0;
    return journal.capture();
  };
  const finishPicture = (at: number, bytes: number): void => {
    pictureBytes = bytes;
    removeFiles(numberedFiles(folder).filter((one) => one.number < at));
  };
  const rewrite = (): void => {
    const lines = turnPage();
    finishPicture(number, writePicture(picturePath(folder, number), lines));
  };
  /** The same without keeping anybody waiting: records are never changed in place, so they can be written later. */
  const rewriteInTheBackground = async (): Promise<void> => {
    const lines = turnPage();
    const at = number;
    const beside = `${picturePath(folder, at)}.background`;
    try {
      const bytes = await writePictureSlowly(beside, lines);
      // Meanwhile the state may have been replaced, and a newer picture written.
      if (at !== number) return;
      renameSync(beside, picturePath(folder, at));
      finishPicture(at, bytes);
    } finally {
      rmSync(beside, { force: true });
    }
  };

  journal.writeTo((lines) => {
    const bytes = appendOrNothing(file, lines, fileBytes);
    fileBytes += bytes;
    journalBytes += bytes;
    if (rewriting !== undefined || journalBytes <= Math.max(rewriteBytes, pictureBytes)) return;
    // Not now: what was just written down is about to happen, and belongs into the picture.
    rewriting = Promise.resolve()
      .then(rewriteInTheBackground)
      .catch(onTrouble)
      .finally(() => {
        rewriting = undefined;
      });
  });
  return {
    rewrite,
    [Symbol.asyncDispose]: async () => {
      journal.writeTo(undefined);
      await rewriting;
      closeSync(file);
    },
  };
}

interface NumberedFile {
  readonly number: number;
  readonly kind: "picture" | "journal";
  readonly path: string;
}

/** In the order they are to be read in; what a crash left half-written has another ending. */
function numberedFiles(folder: string): readonly NumberedFile[] {
  return readdirSync(folder)
    .flatMap((name): NumberedFile[] => {
      const [, digits, kind] = /^(\d{1,15})\.(picture|journal)$/u.exec(name) ?? [];
      if (digits === undefined || (kind !== "picture" && kind !== "journal")) return [];
      return [{ number: Number(digits), kind, path: join(folder, name) }];
    })
    .toSorted((a, b) => a.number - b.number || b.kind.localeCompare(a.kind));
}

/** Pictures that were being written when the process ended. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/\.picture\.(new|background)$/u.test(name)) rmSync(join(folder, name));
  }
}

function picturePath(folder: string, number: number): string {
  return join(folder, `${number}.picture`);
}

function openJournal(folder: string, number: number): number {
  const path = join(folder, `${number}.journal`);
  const file = openSync(path, "ax", 0o600);
  writeAll(file, HEADER);
  return file;
}

/** The picture's file, while others get their turn; returns its bytes. */
async function writePictureSlowly(path: string, lines: Iterable<string>): Promise<number> {
  await using picture = await open(path, "w", 0o600);
  await picture.appendFile(HEADER);
  for (const chunk of inChunks(lines)) await picture.appendFile(chunk);
  await picture.sync();
  const { size } = await picture.stat();
  return size;
}

/** A full disk must not leave half a line for the next one to be written behind: what was not accepted is taken off. */
function appendOrNothing(file: number, lines: string, length: number): number {
  try {
    return writeAll(file, lines);
  } catch (error) {
    ftruncateSync(file, length);
    throw error;
  }
}

function removeFiles(files: readonly NumberedFile[]): void {
  for (const { path } of files) rmSync(path, { force: true });
}

function sizeOf({ path }: NumberedFile): number {
  return statSync(path).size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
