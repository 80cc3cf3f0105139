/** Rules that a schedule may break, because nothing can keep them: it ends there, and is counted. */
const KNOWN: readonly { readonly name: string; readonly sentence: RegExp }[] = [
  {
    // No etag fences one configuration by another: a baseline may be given more than it needs, never less.
    name: "cover after an edit",
    sentence: /^1: a baseline was given devices that no aborted release gives up/,
  },
];

/** Names of the known faults among some sentences; undefined when any of them is news. */
export function knownAmong(broken: readonly string[]): readonly string[] | undefined {
  const names = new Set(broken.map((sentence) => KNOWN.find((one) => one.sentence.test(sentence))?.name));
  const known = [...names].filter((name) => name !== undefined);
  return known.length === 0 || names.has(undefined) ? undefined : known;
}
