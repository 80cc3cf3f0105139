const MAX_LENGTH = 64;
const MAX_STRINGS = 20_000;

const known = new Map<string, string>();

/**
 * The same text as one object for all who hold it: a fleet reports the same few words over and over. Texts that are
 * long are left alone, and what is known is forgotten once it is too much, so that hostile twins cannot make it grow.
 */
export function internedString(text: string): string {
  if (text.length > MAX_LENGTH) return text;
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= MAX_STRINGS) known.clear();
  known.set(text, text);
  return text;
}
