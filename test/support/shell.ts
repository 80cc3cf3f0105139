import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { PROJECT } from "./command-line.ts";

/** What a line that was typed came to. */
export interface Typed {
  readonly code: number | undefined;
  /** Standard output and standard error, as they came. */
  readonly text: string;
}

// What a reader has on the PATH: the project's own command, on the Node that runs the tests.
const WAVEGATE = `wavegate() { '${process.execPath}' '${join(PROJECT, "scripts/wavegate.mjs")}' "$@"; }
npx() { [ "$1" = wavegate ] || { echo "npx $1 is no command of the pages" >&2; return 1; }; "$@"; }
`;

/** Type a line of a page into a shell, to the letter; `wavegate` and `npx wavegate` are those of this checkout. */
export async function typeLine(
  line: string,
  {
    folder,
    environment = {},
  }: { readonly folder: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<Typed> {
  const child = spawn("/bin/sh", ["-c", `exec 2>&1\n${WAVEGATE}${line}`], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? undefined);
    });
  });
  const printed = await text(child.stdout);
  return { code: await ended, text: printed.trimEnd() };
}
