/**
 * Cut a text, visibly, so that it has at most so many UTF-16 units once each character is escaped. One line, no controls,
 * and never empty: receivers refuse that.
 */
export function fitted(text: string, most: number, escape: (character: string) => string = asItIs): string {
  const pieces = Array.from(oneLine(text) || "-", escape);
  if (pieces.reduce((sum, { length }) => sum + length, 0) <= most) return pieces.join("");
  let room = most - 1;
  const kept: string[] = [];
  for (const piece of pieces) {
    room -= piece.length;
    if (room < 0) break;
    kept.push(piece);
  }
  return `${kept.join("")}…`;
}

/** Without what a terminal, a card or a page would obey: controls, and marks that turn the direction of writing around. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "")
    .trim();
}

function asItIs(character: string): string {
  return character;
}
