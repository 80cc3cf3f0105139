import type { SourceTrouble } from "../model/metric-reading.ts";

/** Somebody who was called, a source of metrics or a channel of notices, gave no answer that could be read. */
export class SourceFailure extends Error {
  readonly trouble: SourceTrouble;
  /** True for what may be over at the next try. */
  readonly isPassing: boolean;

  constructor(trouble: SourceTrouble, detail: string, { isPassing = false } = {}) {
    super(detail);
    this.name = "SourceFailure";
    this.trouble = trouble;
    this.isPassing = isPassing;
  }
}
