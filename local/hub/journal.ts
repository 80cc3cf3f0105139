import type { JsonObject } from "./json-value.ts";

/** Something that writes down what it does, and can do it again from that. */
export interface Participant {
  /** Do what an entry says; entries come in the order they were written in. */
  readonly replay: (entry: JsonObject) => void;
  /** Entries that lead to the present state from nothing; taken now, written out whenever they are asked for. */
  readonly capture: () => Iterable<JsonObject>;
  /** Forget everything; absent where a snapshot that is gone back to changes nothing. */
  readonly clear?: () => void;
}

/** Writes an entry down before what it says is done; throws when that fails, and then it is not to be done. */
export type Scribe = (entry: JsonObject) => void;

/** Where every accepted write is written down before anybody hears of it. */
export interface Journal {
  /** Take part under a name, which must stay the same from run to run. */
  readonly attach: (name: string, participant: Participant) => Scribe;
  /** Write what the work records in one go, at its end: many entries that belong together. */
  readonly batch: <Result>(work: () => Result) => Result;
}

/** A line of a journal: who wrote it, and what. */
export type JournalLine = readonly [name: string, entry: JsonObject];

/** A journal with nothing behind it yet. */
export interface OpenJournal extends Journal {
  /** Send what is recorded from now on somewhere, as lines of text with their ends; undefined stops that. */
  readonly writeTo: (write: ((lines: string) => void) | undefined) => void;
  /** The whole state as lines of text with their ends; taken now, made whenever they are asked for. */
  readonly capture: () => Iterable<string>;
  /** Do what a line says. */
  readonly replay: (line: JournalLine) => void;
  /** Go back to a state that was captured. */
  readonly restore: (lines: Iterable<JournalLine>) => void;
}

/** A journal that nobody reads until it is told where to write: a hub in memory pays nothing for it. */
export function createJournal(): OpenJournal {
  const participants = new Map<string, Participant>();
  let write: ((lines: string) => void) | undefined;
  let pending: string[] | undefined;

  const participantCalled = (name: string): Participant => {
    const participant = participants.get(name);
    if (participant === undefined) throw new Error(`nobody here is called ${JSON.stringify(name)}`);
    return participant;
  };
  const batch = <Result>(work: () => Result): Result => {
    if (write === undefined || pending !== undefined) return work();
    const lines: string[] = [];
    pending = lines;
    try {
      return work();
    } finally {
      pending = undefined;
      if (lines.length > 0) write(lines.join(""));
    }
  };
  return {
    attach: (name, participant) => {
      participants.set(name, participant);
      return (entry) => {
        if (write === undefined) return;
        const line = lineOf(name, entry);
        if (pending === undefined) write(line);
        else pending.push(line);
      };
    },
    batch,
    writeTo: (next) => {
      write = next;
    },
    capture: () => linesOf([...participants].map(([name, { capture }]) => [name, capture()])),
    replay: ([name, entry]) => {
      participantCalled(name).replay(entry);
    },
    restore: (lines) => {
      for (const { clear } of participants.values()) clear?.();
      for (const [name, entry] of lines) {
        const participant = participantCalled(name);
        if (participant.clear !== undefined) participant.replay(entry);
      }
    },
  };
}

function* linesOf(captured: readonly (readonly [string, Iterable<JsonObject>])[]): Generator<string> {
  for (const [name, entries] of captured) for (const entry of entries) yield lineOf(name, entry);
}

function lineOf(name: string, entry: JsonObject): string {
  return `${JSON.stringify([name, entry])}\n`;
}
