/**
 * Rules that today's engine is known to break, each with its own failing test in `known.test.ts`. A schedule that meets
 * one ends there, and is counted. Mending one makes its test pass, which fails `it.fails`: then both go.
 */
export const KNOWN: readonly { readonly name: string; readonly sentence: RegExp }[] = [
  { name: "second hold", sentence: /^8: the last slot of an unrecorded hold was overwritten/ },
  { name: "hold under an abort", sentence: /^8: a hold of .* has no record, under an abort$/ },
  { name: "stop of an unrecorded release", sentence: /has no record, as its release has none$/ },
  { name: "settled release widened again", sentence: /^2: exposure grew although the head says settled/ },
  { name: "mark goes back", sentence: /^12: the taken mark of hub\d went back$/ },
  { name: "head never marked", sentence: /^12: the head of hub\d is not marked as taken at rest$/ },
  { name: "rewound ref is not mended", sentence: /^12: hub\d rests rewound/ },
  {
    name: "tombstone without a ref",
    sentence: /^2: .* was aborted and is exposed at rest on hub\d, without its ref$/,
  },
];

/** Names of the known faults among some sentences; undefined when any of them is news. */
export function knownAmong(broken: readonly string[]): readonly string[] | undefined {
  const names = new Set<string>();
  let isNews = broken.length === 0;
  const [first, ...more] = broken;
  for (const sentence of first === undefined ? [] : [first, ...more]) {
    const known = KNOWN.find((one) => one.sentence.test(sentence));
    if (known !== undefined) names.add(known.name);
    // One write breaks several rules at once; those that follow from a known one come with it.
    else if (!names.has("settled release widened again")) isNews = true;
  }
  return isNews ? undefined : [...names];
}
