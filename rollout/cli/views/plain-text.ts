import { stripVTControlCharacters } from "node:util";

/** Text that others may have written (devices, the portal, whoever gave a reason), with nothing that a terminal obeys. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?");
}
