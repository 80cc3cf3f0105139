/** Narrower than this nothing can be wrapped well. */
const LEAST_COLUMNS = 40;
/** What can be copied and typed, to the end of its line: a terminal joins the rows it makes of a line, and no others. */
const COMMAND = /(?<= )\(?(?:wavegate|az|npm) [a-z].*$/;

/** Text for a terminal: lines that are too long go on below, indented by two more; a command is never broken. */
export function wrapText(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => (line.length <= columns ? [line] : wrapLine(line, Math.max(LEAST_COLUMNS, columns))))
    .join("\n");
}

function wrapLine(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const command = COMMAND.exec(line);
  const prose = line.slice(indent.length, command?.index);
  // What stands in columns breaks between two words, never inside a gap.
  const words = prose.trimEnd().split(/(?<=\S) (?=\S)/);
  const rows: string[] = [];
  let row = "";
  for (const word of [...words, ...(command === null ? [] : [command[0]])].filter((one) => one !== "")) {
    const fits = row.length + 1 + word.length <= width;
    // One that is too long for any row stays where it is, and the terminal breaks it.
    const isHopeless = indent.length + 2 + word.length > width;
    if (row === "") row = `${indent}${word}`;
    else if (fits || isHopeless) row = `${row} ${word}`;
    else {
      rows.push(row);
      row = `${indent}  ${word}`;
    }
  }
  return [...rows, row];
}
