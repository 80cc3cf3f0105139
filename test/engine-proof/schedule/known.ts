/** Rules that a schedule may break, because nothing can keep them: it ends there, and is counted. */
export const KNOWN: readonly { readonly name: string; readonly sentence: RegExp }[] = [
  {
    // No etag fences one configuration by another: a baseline may be given more than it needs, never less.
    name: "cover after an edit",
    sentence: /^1: a baseline was given devices that no aborted release gives up/,
  },
];

/** One write breaks several rules at once: what follows from these is no news. */
const LEADING: readonly string[] = [];

/** Names of the known faults among some sentences; undefined when any of them is news. */
export function knownAmong(broken: readonly string[]): readonly string[] | undefined {
  const names = new Set<string>();
  let isNews = broken.length === 0;
  for (const sentence of broken) {
    const known = KNOWN.find((one) => one.sentence.test(sentence));
    if (known !== undefined) names.add(known.name);
    else if (!LEADING.some((name) => names.has(name))) isNews = true;
  }
  return isNews ? undefined : [...names];
}
