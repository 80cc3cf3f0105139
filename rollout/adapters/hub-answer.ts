import type { z } from "zod";
import { WavegateError } from "../model/problem.ts";

/**
 * What a hub answered, as its schema reads it; anything else is HUB_FAILED. The SDK types answers as anything, and leaves
 * one of another content type unparsed, as "", without an error.
 */
export function hubAnswer<T>(
  schema: z.ZodType<T>,
  answer: unknown,
  { hub, what, hint = "is there a proxy between? run the command again" }: Expected,
): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new WavegateError("HUB_FAILED", `${hub} answered with something that is no ${what}`, {
    hint,
    cause: parsed.error,
  });
}

/** What was asked for, for the words of a failure. */
interface Expected {
  /** The hub's name in the settings. */
  readonly hub: string;
  readonly what: string;
  readonly hint?: string;
}
