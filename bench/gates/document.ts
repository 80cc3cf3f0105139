/** Put texts, by name, between the comments `<!-- bench gates NAME -->` and `<!-- bench gates NAME end -->` of a document. */
export function withMeasured(document: string, texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts).reduce((written, [place, text]) => {
    const [open, close] = [`<!-- bench gates ${place} -->`, `<!-- bench gates ${place} end -->`];
    const from = written.indexOf(open);
    const to = written.indexOf(close);
    if (from < 0 || to < from) throw new Error(`the document has no ${open} with a ${close} after it`);
    return `${written.slice(0, from + open.length)}\n\n${text}\n\n${written.slice(to)}`;
  }, document);
}
