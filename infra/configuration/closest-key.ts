/** The known key nearest to a misspelt one: at most a third of it, and no more than three letters, apart. */
export function closestKey(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((key) => ({ key, distance: distanceOf(word.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.min(3, word.length / 3) ? best.key : undefined;
}

/** Levenshtein's distance, by the two-row method (Wagner and Fischer 1974). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
