import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../support/command-line.ts";

/** A test as pages name it: `test/there.test.ts`: "is". */
export interface NamedTest {
  readonly file: string;
  readonly name: string;
}

/** Tests that a text names. */
export function namedTests(text: string): readonly NamedTest[] {
  return [...text.matchAll(/`(?<file>test\/[^`]+)`:\s"(?<name>[^"]+)"/g)].map(({ groups = {} }) => ({
    file: groups["file"] ?? "",
    // A title may be wrapped.
    name: (groups["name"] ?? "").replace(/\s+/g, " "),
  }));
}

/** Why they do not stand: a file or a name that is gone, or a test that is off. `read`: a file's text, by its path. */
export function faultsOf(
  tests: readonly NamedTest[],
  read: (file: string) => string | undefined = fileText,
): readonly string[] {
  return tests.flatMap(({ file, name }) => {
    const text = read(file);
    if (text === undefined) return [`there is no ${file}`];
    return isRun(text, name) ? [] : [`${file} has no test "${name}"`];
  });
}

/** A title in quotes, of a test that nobody switched off. */
function isRun(text: string, name: string): boolean {
  const at = ['"', "`"].map((quote) => text.indexOf(`${quote}${name}${quote}`)).find((found) => found >= 0);
  if (at === undefined) return false;
  const call = text.slice(text.lastIndexOf("\n  it", at) + 1, at);
  return !/\b(skip|todo|skipIf|runIf)\b/.test(call.split("\n")[0] ?? "");
}

function fileText(file: string): string | undefined {
  const path = join(PROJECT, file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
