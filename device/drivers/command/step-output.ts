/** What a step says while it works: a line `progress 40` or `status text` on its standard output. */
export interface StepProgress {
  /** Percent done, 0 to 100. */
  readonly percent?: number;
  /** A sentence for people, at most 200 characters. */
  readonly text?: string;
}

/** A reader of one output of a step, whatever the step writes. */
export interface OutputReader {
  add(chunk: Uint8Array): void;
  /** There is no more: what follows the last line break is a line too. */
  end(): void;
  /** The last lines, without control characters, for the message of a failure. */
  tail(): string;
}

/** Longest line that is looked at; the rest of it is dropped. */
const LONGEST_LINE = 1_000;
const TAIL_LINES = 3;
const LONGEST_TAIL = 200;
const LONGEST_TEXT = 200;
/** Between two progress messages that are handed on. */
const PROGRESS_EVERY_MS = 1_000;

/** Split an output into lines of bounded length; nothing of it is kept but its tail. */
export function outputReader(onLine: (line: string) => void): OutputReader {
  // Broken UTF-8 becomes replacement characters, never an error.
  const decoder = new TextDecoder();
  let line = "";
  let last: string[] = [];
  function endLine(): void {
    const printable = plainText(line);
    line = "";
    if (printable === "") return;
    last = [...last, printable].slice(-TAIL_LINES);
    onLine(printable);
  }
  function take(text: string): void {
    const [first = "", ...others] = text.split(/[\r\n]/);
    line = (line + first).slice(0, LONGEST_LINE);
    for (const other of others) {
      endLine();
      line = other.slice(0, LONGEST_LINE);
    }
  }
  return {
    add(chunk) {
      take(decoder.decode(chunk, { stream: true }));
    },
    end() {
      take(decoder.decode());
      endLine();
    },
    tail: () => last.join(" | ").slice(-LONGEST_TAIL),
  };
}

/** What a line tells of the progress; absent when it is any other line. */
export function parseProgress(line: string): StepProgress | undefined {
  const [, percent] = /^progress (\d{1,3})%?$/.exec(line) ?? [];
  if (percent !== undefined) return Number(percent) <= 100 ? { percent: Number(percent) } : undefined;
  const [, text] = /^status (.+)$/.exec(line) ?? [];
  return text === undefined ? undefined : { text: text.slice(0, LONGEST_TEXT) };
}

/** Hand progress on at most once a second, the newest of each kind; `flush` hands on what was held back. */
export function progressLimiter(
  hand: (progress: StepProgress) => void,
  nowMs: () => number = () => performance.now(),
): { readonly say: (progress: StepProgress) => void; readonly flush: () => void } {
  let waiting: StepProgress | undefined;
  let handedMs = -Infinity;
  const flush = (): void => {
    if (waiting === undefined) return;
    const progress = waiting;
    waiting = undefined;
    handedMs = nowMs();
    hand(progress);
  };
  return {
    say(progress) {
      waiting = { ...waiting, ...progress };
      if (nowMs() - handedMs >= PROGRESS_EVERY_MS) flush();
    },
    flush,
  };
}

/** Without colours, bells and whatever else a terminal would obey. */
function plainText(line: string): string {
  return line
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "")
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "")
    .trim();
}
