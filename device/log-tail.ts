import { z } from "zod";
import type { AgentEvent } from "./agent-event.ts";
import type { DirectMethods } from "./hub-session.ts";

/** Lines an agent remembers. */
export const LOG_LINES = 500;
/** Longest line, in characters. */
const LONGEST_LINE = 200;
/** Most bytes of an answer to a direct method [IoT Hub: direct methods, payload size], less what is around the lines. */
const MOST_BYTES = 128 * 1024 - 256;

const wanted = z.object({ lines: z.int().min(1).max(LOG_LINES).default(100) });

/** What happened on a device lately, to be asked for from afar. */
export interface LogTail {
  note(event: AgentEvent, atMs: number): void;
  /** Answers `{ lines?: number }` with `{ lines: [...], dropped: number }`, the newest last. */
  readonly answer: DirectMethods[string];
}

/** Keep the last lines in memory: a log that grows wears out the flash it is written to. */
export function logTail(): LogTail {
  const lines: string[] = [];
  let dropped = 0;
  return {
    note(event, atMs) {
      lines.push(`${new Date(atMs).toISOString()} ${textOf(event)}`.slice(0, LONGEST_LINE));
      if (lines.length <= LOG_LINES) return;
      lines.shift();
      dropped++;
    },
    answer(payload) {
      const parsed = wanted.safeParse(payload ?? {});
      if (!parsed.success) {
        const message = `ask for { "lines": 1 to ${LOG_LINES} }`;
        return Promise.resolve({ status: 400, payload: { message } });
      }
      const shown = newestThatFit(lines.slice(-parsed.data.lines));
      return Promise.resolve({
        status: 200,
        payload: { lines: shown, dropped: dropped + lines.length - shown.length },
      });
    },
  };
}

/** The last of the lines, as many as an answer has room for: a character can take six bytes of JSON. */
function newestThatFit(lines: readonly string[]): readonly string[] {
  let room = MOST_BYTES;
  const before = lines.findLastIndex((line) => {
    room -= Buffer.byteLength(JSON.stringify(line)) + 1;
    return room < 0;
  });
  return lines.slice(before + 1);
}

function textOf(event: AgentEvent): string {
  switch (event.type) {
    case "booted":
      return `booted ${event.version}${event.failure === undefined ? "" : `: ${event.failure.code} ${event.failure.message}`}`;
    case "connected":
      return "connected";
    case "disconnected":
      return `disconnected: ${event.reason}`;
    case "tokenRenewed":
      return "the token was renewed";
    case "reported": {
      const { fwUpdateStatus, fwUpdateSubstatus, outcome, rolloutId } = event.reported;
      return `reported ${[fwUpdateStatus, outcome, rolloutId, fwUpdateSubstatus].filter((text) => text !== "").join(", ")}`;
    }
    case "reportRefused":
      return `a report was refused: ${event.reason}`;
    case "trouble":
      return `trouble: ${event.message}`;
  }
}
