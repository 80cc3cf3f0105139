/** How the service writes "never": the .NET minimum instant. */
export const NEVER = Date.parse("0001-01-01T00:00:00Z");

/** An instant as the service writes it: seven fractional digits, or none for "never". */
export function serviceTime(instant: number): string {
  return instant === NEVER ? "0001-01-01T00:00:00Z" : new Date(instant).toISOString().replace("Z", "0000Z");
}
