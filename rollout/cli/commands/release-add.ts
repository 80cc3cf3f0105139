import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import semver from "semver";
import { sha256Hex } from "../../model/digest.ts";
import { WavegateError } from "../../model/problem.ts";
import { parseRelease, type ReleaseDeclaration } from "../../model/release.ts";
import type { Manifest } from "../../model/manifest.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { releaseFiles } from "../declarations.ts";
import { openSigner, SIGNING_OPTIONS, signManifest, type Signer } from "../signing.ts";
import { renderRelease, STARTER } from "../views/release-file.ts";
import { writeNewFile } from "../write-new-file.ts";

/** `wavegate release add`. */
export const releaseAdd: Command = {
  help: `Hash an image, store it under its digest and write the release file that declares
it. Waves and gate are those of --like, else of the product's newest release, else
a cautious start that you edit. Nothing is rolled out: that takes plan and apply.
With a key the release is signed, and devices that pinned the key take no other; a
key that stays in a vault signs through --sign-command, which gets the manifest on
standard input and prints the signature in base64.`,
  examples: [
    "wavegate release add build/thermostat.bin --product thermostat --release 2.1.0",
    "wavegate release add build/fw.bin --product thermostat --release 2.1.1 --key-env SIGNING_KEY",
  ],
  options: [
    ["--product <name>", "the product it is for (required)"],
    ["--release <version>", "its version, such as 2.1.0 (required)"],
    ["--like <file>", "take waves, gate and watch from this release file"],
    ...SIGNING_OPTIONS,
    ["--hardware <names>", "boards it fits, with commas between; default: every board"],
    ["--floor <version>", "lowest version that devices go back to once they run it"],
  ],
  async run(context, input) {
    const image = input.args[0] ?? "";
    const product = required(textOption(input, "product"), "--product <name>");
    const version = required(textOption(input, "release"), "--release <version>");
    const signer = await openSigner(input, context.signal);
    const restrictions = restrictionsOf(input, signer);
    const session = await context.session();
    const bytes = await readImage(image);
    const sha256 = sha256Hex(bytes);
    const path = `sha256/${sha256}.bin`;
    const { releases } = session.settings.declarations;
    const like = await template({ like: textOption(input, "like"), product, releases });
    const unsigned: ReleaseDeclaration = {
      ...like,
      product,
      version,
      artifact: { path, sha256, size: bytes.length, manifest: "", signature: "" },
    };
    const file = join(releases, `${product}-${version}.ts`);
    const shown = relative(context.folder, file);
    const { problems } = parseRelease(unsigned, shown);
    if (problems.length > 0)
      throw new WavegateError("RELEASE_INVALID", "this would be no release", {
        hint: "correct the options",
        problems,
      });
    const size = bytes.length;
    const signed =
      signer === undefined
        ? {}
        : await signManifest(signer, { product, version, sha256, size, ...restrictions });
    const declaration = { ...unsigned, artifact: { ...unsigned.artifact, ...signed } };
    await refuseForeignImage(session, path, { sha256, size });
    await session.images.upload(path, bytes);
    await writeNewFile(file, renderRelease(declaration), {
      shown,
      hint: "a release never changes: give the image a new version",
    });
    return {
      exitCode: EXIT.done,
      human: `stored ${path} (${bytes.length.toLocaleString("en-US")} bytes)\nwrote ${shown}${signer === undefined ? "" : `, signed by the key ${signer.keyId}`}\n  next: review it, then: wavegate plan ${product}`,
      json: { schemaVersion: 1, file: shown, artifact: declaration.artifact },
    };
  },
};

/** Boards and floor of the manifest: without a signature no device would heed them. */
function restrictionsOf(input: Input, signer: Signer | undefined): Pick<Manifest, "hardware" | "floor"> {
  const hardware = textOption(input, "hardware");
  const floor = textOption(input, "floor");
  if (signer === undefined && (hardware ?? floor) !== undefined)
    throw new WavegateError("BAD_OPTION", "--hardware and --floor stand in the signed manifest", {
      hint: "add the key: --key FILE, --key-env NAME or --sign-command COMMAND",
    });
  return {
    ...(hardware === undefined ? {} : { hardware: hardware.split(",").map((name) => name.trim()) }),
    ...(floor === undefined ? {} : { floor }),
  };
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined && value !== "") return value;
  throw new WavegateError("BAD_OPTION", `${flag} is missing`, { hint: "see: wavegate release add --help" });
}

async function readImage(file: string): Promise<Buffer> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > 0) return bytes;
  } catch (error) {
    throw new WavegateError("BAD_OPTION", `the image ${file} cannot be read`, {
      hint: "name the file your build wrote",
      cause: error,
    });
  }
  throw new WavegateError("BAD_OPTION", `the image ${file} is empty`, {
    hint: "name the file your build wrote",
  });
}

/** The declaration whose waves and gate are taken over. */
async function template(input: {
  readonly like: string | undefined;
  readonly product: string;
  readonly releases: string;
}): Promise<Omit<ReleaseDeclaration, "product" | "version" | "artifact">> {
  const { like, product, releases } = input;
  const candidates =
    like === undefined ? (await releaseFiles(releases)).map((name) => join(releases, name)) : [like];
  const found: ReleaseDeclaration[] = [];
  for (const file of candidates) {
    // A declaration is checked by `parseRelease` right after it was loaded.
    const module = (await import(pathToFileURL(join(file)).href).catch((error: unknown) => {
      throw new WavegateError("RELEASE_INVALID", `${file} cannot be loaded`, {
        hint: "correct it, or choose another with --like",
        cause: error,
      });
    })) as { readonly default?: ReleaseDeclaration };
    if (module.default !== undefined && parseRelease(module.default, file).release !== undefined)
      found.push(module.default);
  }
  const newest = found
    .filter((declaration) => like !== undefined || declaration.product === product)
    .toSorted((a, b) => semver.rcompare(a.version, b.version))[0];
  return newest === undefined
    ? STARTER
    : {
        waves: newest.waves,
        gate: newest.gate,
        ...(newest.watch === undefined ? {} : { watch: newest.watch }),
        ...(newest.where === undefined ? {} : { where: newest.where }),
        ...(newest.windows === undefined ? {} : { windows: newest.windows }),
      };
}

/** Other bytes under the digest's name would be found by every device, and by none in time. */
async function refuseForeignImage(
  session: Awaited<ReturnType<Context["session"]>>,
  path: string,
  own: { readonly sha256: string; readonly size: number },
): Promise<void> {
  const stored = await session.images.describe(path);
  if (stored === undefined || (stored.sha256 === own.sha256 && stored.size === own.size)) return;
  throw new WavegateError("ARTIFACT_MISMATCH", `the image store has other bytes under ${path}`, {
    hint: "delete that blob and find out who wrote it",
  });
}
