import { html } from "hono/html";

/** Markup in which every text that was put in is escaped: what `html` gives. */
export type Html = ReturnType<typeof html>;

/** A name as part of an element's id. */
export function idOf(...parts: readonly (string | number)[]): string {
  return parts
    .map((part) => String(part).replace(/[^A-Za-z0-9_-]/g, (sign) => `_${sign.codePointAt(0) ?? 0}`))
    .join("-");
}

/** A table whose first row and column are headings; it scrolls by itself where it is too wide. */
export function table(
  caption: string,
  [head = [], ...rows]: readonly (readonly (string | number)[])[],
): Html {
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first = "", ...cells]) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** What is closed until somebody wants it. */
export function folded(id: string, summary: string, body: Html | readonly Html[]): Html {
  return html`<details id="${id}">
    <summary>${summary}</summary>
    ${body}
  </details>`;
}
