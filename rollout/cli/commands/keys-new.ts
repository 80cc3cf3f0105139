import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { keyIdOf, publicKeyText } from "../../model/signing-key.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { shownPath } from "../declarations/declarations.ts";
import { refuseCommittable } from "../repository-guard.ts";

/** `wavegate keys new`. */
export const keysNew: Command = {
  help: `Make an Ed25519 key pair, write it to two files and print the line that devices
pin. The private key's file is readable by you alone and is never printed; it is not
written where a git repository could take it up. Whoever holds it can put firmware
on your devices: move it to a vault, and keep a second pair pinned for the day the
first is lost.`,
  examples: ["wavegate keys new --out ~/.config/wavegate", "wavegate keys new --json"],
  options: [["--out <folder>", "where to write the two files (default: here)"]],
  async run(context, input) {
    const folder = resolve(context.folder, textOption(input, "out") ?? ".");
    const { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =
      generateKeyPairSync("ed25519");
    const keyId = keyIdOf(publicKey);
    const privateName = `wavegate-${keyId}.private.pem`;
    await orBadFolder(`the folder ${folder} cannot be made`, () =>
      mkdir(folder, { recursive: true, mode: 0o700 }),
    );
    await refuseCommittable(folder, privateName);
    const privateFile = join(folder, privateName);
    const publicFile = join(folder, `wavegate-${keyId}.public.pem`);
    const privatePem = privateKey.export({ format: "pem", type: "pkcs8" });
    const publicPem = publicKey.export({ format: "pem", type: "spki" });
    await orBadFolder(`no key can be written to ${folder}`, async () => {
      await writeFile(privateFile, privatePem, { mode: 0o600, flag: "wx" });
      await writeFile(publicFile, publicPem, { flag: "wx" });
    });
    const pin = { keyId, publicKey: publicKeyText(publicKey) };
    const shownPrivate = shownPath(context.folder, privateFile);
    const shownPublic = shownPath(context.folder, publicFile);
    return {
      exitCode: EXIT.done,
      human: `wrote ${shownPrivate} (keep it secret)
wrote ${shownPublic}
key ${keyId}; devices pin it with this line:
  { keyId: "${pin.keyId}", publicKey: "${pin.publicKey}" }
  next: wavegate release add <file> --product <name> --release <version> --key ${shownPrivate}`,
      json: { schemaVersion: 1, ...pin, privateKeyFile: shownPrivate, publicKeyFile: shownPublic },
    };
  },
};

async function orBadFolder(message: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new WavegateError("BAD_OPTION", message, {
      hint: "choose another: --out FOLDER",
      cause: error,
    });
  }
}
