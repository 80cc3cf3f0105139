import { z } from "zod";
import { canonicalJson, parseDigest, type Digest } from "../../model/digest.ts";

/** How far one channel was told of one product. */
export interface Cursor {
  /** The newest record that was told; null: none. */
  readonly head: Digest | null;
  /** Ids of what was told beyond it: stops that were not recorded yet, and that a person is needed. The newest last. */
  readonly sent: readonly string[];
}

/** Ids that are remembered; of what is waited for there are a few under one head. */
const MOST_SENT = 50;

const digest = z.string().transform((text, context): Digest => {
  const parsed = parseDigest(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: "no digest" });
  return z.NEVER;
});
const cursorSchema = z.object({
  schemaVersion: z.literal(1),
  head: digest.nullable(),
  sent: z.array(z.string()),
});

/** Read a cursor; undefined for what is none. */
export function parseCursor(text: string): Cursor | undefined {
  try {
    const parsed = cursorSchema.safeParse(JSON.parse(text));
    return parsed.success ? { head: parsed.data.head, sent: parsed.data.sent } : undefined;
  } catch {
    return undefined;
  }
}

/** A cursor as it is stored. */
export function cursorText({ head, sent }: Cursor): string {
  return canonicalJson({ schemaVersion: 1, head, sent: sent.slice(-MOST_SENT) });
}
