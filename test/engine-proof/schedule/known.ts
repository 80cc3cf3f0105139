/**
 * Rules that today's engine is known to break, each with its own failing test in `known.test.ts`. A schedule that meets
 * one ends there, and is counted. Mending one makes its test pass, which fails `it.fails`: then both go.
 */
export const KNOWN: readonly { readonly name: string; readonly sentence: RegExp }[] = [
  { name: "second hold", sentence: /^8: the last slot of an unrecorded hold was overwritten/ },
  { name: "settled release widened again", sentence: /^2: exposure grew although the head says settled/ },
  { name: "mark goes back", sentence: /^12: the taken mark of hub\d went back$/ },
  { name: "stop of an unrecorded release", sentence: /has no record, as its release has none$/ },
  { name: "star in a cover", sentence: /^2: .* was aborted and is exposed at rest on hub\d, beside a \*$/ },
  { name: "head never marked", sentence: /^12: the head of hub\d is not marked as taken at rest$/ },
  {
    name: "tombstone without a ref",
    sentence: /^2: .* was aborted and is exposed at rest on hub\d, without its ref$/,
  },
  {
    name: "cover after an edit",
    sentence: /^1: a baseline was given devices that no aborted release gives up/,
  },
  { name: "stop on an old listing", sentence: /^4: the note of a stop moved the head of hub\d$/ },
];

/** One write breaks several rules at once: what follows from these is no news. */
const LEADING = ["star in a cover", "settled release widened again", "stop on an old listing"];

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
