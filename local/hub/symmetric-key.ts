/** Whether a text is a key as the service takes them: base64 of 16 to 64 bytes [facts 2.4]. */
export function isSymmetricKey(text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= 16 && bytes.length <= 64 && bytes.toString("base64") === text;
}
