import type { SourceTrouble } from "../../model/metric-reading.ts";

/** A source gave no answer that could be read. */
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
