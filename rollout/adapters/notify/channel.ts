import type { Notice } from "../../model/notice.ts";

/** Somewhere that notices go. */
export interface Channel {
  /** Its name in the settings. */
  readonly name: string;
  /** Send one; NOTIFY_FAILED: try it again later, NOTIFY_REFUSED: this one will never be taken. The signal ends it. */
  readonly send: (notice: Notice, signal: AbortSignal) => Promise<void>;
}
