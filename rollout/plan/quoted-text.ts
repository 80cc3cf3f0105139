// What target conditions take inside quotes; a quote within is doubled [IoT Hub: target conditions, value characters].
const QUOTABLE = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']*$/;

/** True for a text that the documents allow as a constant of a target condition. */
export function isQuotable(text: string): boolean {
  return QUOTABLE.test(text);
}

/** A text as a constant of a condition. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
