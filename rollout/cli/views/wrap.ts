/** Narrower than this nothing can be wrapped well. */
const LEAST_COLUMNS = 40;
/** What can be copied and typed stays whole: a terminal joins the rows it makes of a line, and no others. */
const COMMAND = /\b(?:wavegate|az|npm) [a-z]/;

/** Text for a terminal: lines that are too long go on below, indented by two more. Lines with a command stay. */
export function wrapText(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => (line.length <= columns || COMMAND.test(line) ? [line] : wrapLine(line, columns)))
    .join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  const width = Math.max(LEAST_COLUMNS, columns);
  const indent = /^ */.exec(line)?.[0] ?? "";
  // What stands in columns breaks between two words, never inside a gap.
  const words = line.slice(indent.length).split(/(?<=\S) (?=\S)/);
  const rows: string[] = [];
  let row = indent;
  for (const word of words) {
    const start = rows.length === 0 ? indent : `${indent}  `;
    if (row.trim() !== "" && row.length + 1 + word.length > width) {
      rows.push(row);
      row = `${indent}  ${word}`;
    } else row = row.trim() === "" ? `${start}${word}` : `${row} ${word}`;
  }
  return [...rows, row];
}
