import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { WavegateError } from "../../model/problem.ts";
import { secret, type Secret } from "../../model/secret.ts";

const TOKEN = /^[\w-]{32,256}$/;

/** A token that lives as long as this process: 256 random bits. */
export function freshToken(): Secret {
  return secret(randomBytes(32).toString("base64url"));
}

/** A token that outlives the process, from a file that nobody else may read. */
export async function tokenFrom(file: string): Promise<Secret> {
  const refuse = (why: string, hint: string, cause?: unknown): WavegateError =>
    new WavegateError("BAD_OPTION", `--token-file ${file} ${why}`, { hint, cause });
  let text: string;
  try {
    if (((await stat(file)).mode & 0o077) !== 0)
      throw refuse("may be read by others", `run: chmod 600 ${file}`);
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (error instanceof WavegateError) throw error;
    throw refuse("cannot be read", "name a file with a token, or leave it out: one is made", error);
  }
  if (TOKEN.test(text)) return secret(text);
  throw refuse(
    "holds no token: 32 to 256 letters, digits, - or _ are needed",
    `make one: node -e 'console.log(crypto.randomBytes(32).toString("base64url"))' > ${file}`,
  );
}
