/** Longest label value [IoT Hub: configurations, labels]. */
export const LONGEST_LABEL = 128;

/** Shows that a text was cut. */
const CUT = "...";

/** A text in the alphabet of label values: letters, digits and `-:.+_#*?!(),=@;'` stay, every other byte becomes `%XX`. */
export function encodeLabel(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9\-:.+_#*?!(),=@;']/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

/** A text as the value of a label; what is longer than a label takes is cut where it shows, with `...`. */
export function labelValue(text: string): string {
  const whole = encodeLabel(text);
  return whole.length <= LONGEST_LABEL ? whole : encodeLabel(cutText(text, text.length));
}

/** The first characters of a text, at most so many and no more than fit a label with the `...` that follows them. */
export function cutText(text: string, most: number): string {
  const kept = Array.from(text).slice(0, Math.min(most, LONGEST_LABEL));
  while (encodeLabel(kept.join("")).length > LONGEST_LABEL - CUT.length) kept.pop();
  return `${kept.join("")}${CUT}`;
}

/** The text a label value was made from (cut where it was cut). */
export function textOfLabel(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // Somebody else wrote it.
  }
}
