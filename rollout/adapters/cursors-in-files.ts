import type { CursorPort } from "../reconcile/ports.ts";
import type { TextFiles } from "./records-in-files.ts";

/** Cursors beside the records: one small file a product and channel, the only ones of a store that are written over. */
export function cursorsIn(files: Pick<TextFiles, "read" | "replaceIf">): CursorPort {
  const pathOf = (product: string, channel: string): string => `told/${product}/${channel}.json`;
  return {
    cursor: (product, channel) => files.read(pathOf(product, channel)),
    moveCursor: (product, channel, text, before) => files.replaceIf(pathOf(product, channel), text, before),
  };
}
