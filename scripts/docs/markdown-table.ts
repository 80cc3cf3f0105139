/** Rows as a table of Markdown: a pipe in a cell is escaped, a line break becomes a space. */
export function markdownTable(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells
      .map((cell) =>
        String(cell)
          .replaceAll("|", "\\|")
          .replace(/\s*\n\s*/g, " "),
      )
      .join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The first lines of a page that is written by code. */
export function generatedHeading(title: string): string {
  return `# ${title}\n\n<!-- Written by \`npm run docs\` from the code: change that, not this page. -->`;
}
