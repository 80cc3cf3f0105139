/** A table of GitHub Flavored Markdown; the first row is its head, and every cell is text. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string =>
    `| ${head.map((_, column) => asText(cells[column] ?? "")).join(" | ")} |`;
  return [line(head), `| ${head.map(() => "---").join(" | ")} |`, ...body.map(line)].join("\n");
}

/** A list whose items are text. */
export function markdownList(items: readonly string[]): string {
  return items.map((item) => `- ${asText(item)}`).join("\n");
}

/** A part that is closed until somebody opens it; its body is Markdown. */
export function folded(title: string, body: string): string {
  return ["<details>", `<summary>${asText(title)}</summary>`, "", body, "", "</details>"].join("\n");
}

/**
 * A text as it is, whatever is in it: no markup, no HTML, and nobody is called by an `@`. What the hub holds was written
 * by others.
 */
export function asText(text: string): string {
  return text
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/[\\`*_[\]|~]/g, "\\$&")
    .replace(/^([#>+-]|\d+[.)])(?=\s)/, "\\$1")
    .replace(/@(?=[A-Za-z0-9])/g, "@<!-- -->");
}
