/**
 * The parts of a condition that a word joins outside all brackets and texts, as they are written. For conditions that
 * wavegate wrote itself; a stranger's yields parts that match none of ours.
 */
export function termsOf(condition: string, word: "AND" | "OR"): readonly string[] {
  const separator = ` ${word} `;
  const terms: string[] = [];
  let depth = 0;
  let isText = false;
  let from = 0;
  for (let at = 0; at < condition.length; at++) {
    const character = condition.charAt(at);
    // A doubled quote ends a text and begins one: the same as if it had gone on.
    if (character === "'") isText = !isText;
    if (isText) continue;
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (depth !== 0 || !condition.startsWith(separator, at)) continue;
    terms.push(condition.slice(from, at));
    from = at + separator.length;
    at = from - 1;
  }
  return [...terms, condition.slice(from)];
}
