import { spawn } from "node:child_process";
import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { parseManifest, renderManifest, type Manifest } from "../model/manifest.ts";
import { WavegateError } from "../model/problem.ts";
import { isSignatureOf, keyIdOf, parsePublicKey } from "../model/signing-key.ts";
import { textOption, type Input } from "./command.ts";

/** Something that signs manifests and plans. The private key stays inside. */
export interface Signer {
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** Signature over the text's bytes, base64. */
  sign(text: string): Promise<string>;
}

/** Options that say what signs. */
export const SIGNING_OPTIONS: readonly (readonly [flags: string, meaning: string])[] = [
  ["--key <file>", "sign with the private key in this file"],
  ["--key-env <name>", "sign with the private key in this environment variable"],
  ["--sign-command <command>", "sign with this command; needs --public-key"],
  ["--public-key <file>", "the public key of --sign-command"],
];

/** What the options say signs; undefined when they name nothing. */
export async function openSigner(input: Input, signal: AbortSignal): Promise<Signer | undefined> {
  const [file, variable, command] = (["key", "keyEnv", "signCommand"] as const).map((name) =>
    textOption(input, name),
  );
  const given = [file, variable, command].filter((value) => value !== undefined);
  if (given.length > 1)
    throw new WavegateError("BAD_OPTION", "--key, --key-env and --sign-command exclude each other", {
      hint: "give one of them",
    });
  const publicKeyFile = textOption(input, "publicKey");
  if (command !== undefined) return commandSigner(command, { publicKeyFile, signal });
  if (publicKeyFile !== undefined)
    throw new WavegateError("BAD_OPTION", "--public-key belongs to --sign-command", {
      hint: "leave it out: a private key holds its public one",
    });
  if (file !== undefined) return keySigner(await readPrivateKeyFile(file), `the file ${file}`);
  if (variable !== undefined) return keySigner(process.env[variable] ?? "", `the variable ${variable}`);
  return undefined;
}

/** Sign a statement about an image. */
export async function signManifest(
  signer: Signer,
  about: Omit<Manifest, "keyId">,
): Promise<{ readonly manifest: string; readonly signature: string }> {
  const manifest = renderManifest({ ...about, keyId: signer.keyId });
  const parsed = parseManifest(manifest);
  if (typeof parsed === "string")
    throw new WavegateError("BAD_OPTION", `this would be no manifest: ${parsed}`, {
      hint: "see: wavegate release add --help",
    });
  return { manifest, signature: await signer.sign(manifest) };
}

/** Read a file with a public key. */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const key = parsePublicKey(await readKeyFile(file));
  if (key !== undefined) return key;
  throw new WavegateError("KEY_INVALID", `${file} holds no Ed25519 public key`, {
    hint: "name the .public.pem file that `wavegate keys new` wrote",
  });
}

function keySigner(pem: string, where: string): Signer {
  let privateKey: KeyObject;
  try {
    // Variables of some CI systems hold one line.
    privateKey = createPrivateKey(pem.replaceAll("\\n", "\n"));
  } catch {
    // The cause is left out: nothing about a key's text belongs into an error.
    throw keyInvalid(where);
  }
  if (privateKey.asymmetricKeyType !== "ed25519") throw keyInvalid(where);
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    sign: (signed) => Promise.resolve(sign(null, Buffer.from(signed), privateKey).toString("base64")),
  };
}

function keyInvalid(where: string): WavegateError {
  return new WavegateError("KEY_INVALID", `${where} holds no Ed25519 private key in PEM`, {
    hint: "make one with: wavegate keys new",
  });
}

async function commandSigner(
  command: string,
  { publicKeyFile, signal }: { readonly publicKeyFile: string | undefined; readonly signal: AbortSignal },
): Promise<Signer> {
  if (publicKeyFile === undefined)
    throw new WavegateError("BAD_OPTION", "--sign-command needs --public-key", {
      hint: "name the file of the public key: what is signed says by which key, and the answer is checked",
    });
  const publicKey = await readPublicKey(publicKeyFile);
  return {
    keyId: keyIdOf(publicKey),
    publicKey,
    async sign(signed) {
      const signature = await answerOf(command, { signed, signal });
      if (isSignatureOf(signed, signature, publicKey)) return signature;
      throw new WavegateError(
        "SIGNING_FAILED",
        `the answer of "${command}" is no signature of the key ${keyIdOf(publicKey)}`,
        { hint: "it has to sign standard input as it is (Ed25519, no hash before) and print base64" },
      );
    },
  };
}

/** Run a command of the user's in a shell, as they would type it; what it says on standard error is shown. */
async function answerOf(
  command: string,
  { signed, signal }: { readonly signed: string; readonly signal: AbortSignal },
): Promise<string> {
  const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "inherit"], signal });
  // A command that has ended reads nothing; its end is what is reported.
  child.stdin.on("error", () => undefined);
  child.stdin.end(signed);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      resolve(error.message);
    });
    child.once("close", (code, killedBy) => {
      resolve(code === 0 ? "" : `it ended with ${killedBy ?? `code ${code ?? "unknown"}`}`);
    });
  });
  const [answer, trouble] = await Promise.all([text(child.stdout), ended]);
  if (trouble === "") return answer.trim();
  if (signal.aborted)
    throw new WavegateError("INTERRUPTED", "interrupted while the signing command ran", {
      hint: "nothing was stored: run it again",
    });
  throw new WavegateError("SIGNING_FAILED", `"${command}" did not sign: ${trouble}`, {
    hint: "run it by hand: it gets on standard input what it has to sign",
  });
}

async function readPrivateKeyFile(file: string): Promise<string> {
  const pem = await readKeyFile(file);
  if (((await stat(file)).mode & 0o077) === 0) return pem;
  throw new WavegateError("KEY_EXPOSED", `others may read the private key in ${file}`, {
    hint: `run: chmod 600 ${file}`,
  });
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new WavegateError("KEY_INVALID", `the key file ${file} cannot be read`, {
      hint: "name the file that `wavegate keys new` wrote",
      cause: error,
    });
  }
}
