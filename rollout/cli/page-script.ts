import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A script for browsers, as text: it is inlined into the page that runs it. */
export function pageScript(name: "verify-records" | "dashboard"): Promise<string> {
  return readFile(join(import.meta.dirname, "..", "page", "browser", `${name}.js`), "utf8");
}
