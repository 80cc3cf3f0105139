import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import semver from "semver";
import { sha256Hex } from "../../model/digest.ts";
import { WavegateError, type Problem } from "../../model/problem.ts";
import { parseRelease, type ReleaseDeclaration } from "../../model/release.ts";
import type { Manifest } from "../../model/manifest.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { loadDeclaration, releaseFiles, shownPath } from "../declarations/declarations.ts";
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
    const bytes = await readImage(image, context.folder);
    const sha256 = sha256Hex(bytes);
    const path = `sha256/${sha256}.bin`;
    const { releases } = session.settings.declarations;
    const { folder } = context;
    const example = await exampleFor(product, { like: textOption(input, "like"), releases, folder });
    const unsigned: ReleaseDeclaration = {
      ...templateOf(example),
      product,
      version,
      artifact: { path, sha256, size: bytes.length, manifest: "", signature: "" },
    };
    const file = join(releases, `${product}-${version}.ts`);
    const shown = relative(folder, file);
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

async function readImage(file: string, folder: string): Promise<Buffer> {
  try {
    const bytes = await readFile(resolve(folder, file));
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

/** The release that `--like` names, else the product's newest of the folder; undefined where there is none. */
async function exampleFor(
  product: string,
  {
    like,
    releases,
    folder,
  }: { readonly like: string | undefined; readonly releases: string; readonly folder: string },
): Promise<ReleaseDeclaration | undefined> {
  if (like !== undefined) {
    const { declaration, problems } = await declarationIn(resolve(folder, like), folder);
    if (declaration !== undefined) return declaration;
    throw new WavegateError("RELEASE_INVALID", `${like} is no release to take waves and gate from`, {
      hint: "correct it, or choose another with --like",
      problems,
    });
  }
  const names = await releaseFiles(releases);
  const all = await Promise.all(names.map((name) => declarationIn(join(releases, name), folder)));
  return all
    .flatMap(({ declaration }) => (declaration?.product === product ? [declaration] : []))
    .toSorted((a, b) => semver.rcompare(a.version, b.version))[0];
}

/** What a release file declares, where it is a release. */
async function declarationIn(
  path: string,
  folder: string,
): Promise<{ readonly declaration?: ReleaseDeclaration; readonly problems: readonly Problem[] }> {
  const file = shownPath(folder, path);
  const loaded = await loadDeclaration(path, file, { code: "RELEASE_INVALID" });
  if ("problem" in loaded)
    throw new WavegateError("RELEASE_INVALID", `${file} cannot be loaded`, {
      hint: "correct it, or choose another with --like",
      problems: [loaded.problem],
    });
  const { release, problems } = parseRelease(loaded.value, file);
  // Just checked, it is what it is declared to be.
  return release === undefined ? { problems } : { declaration: loaded.value as ReleaseDeclaration, problems };
}

/** What a new release takes over; without one to take it from, a cautious start. */
function templateOf(
  declaration: ReleaseDeclaration | undefined,
): Omit<ReleaseDeclaration, "product" | "version" | "artifact"> {
  if (declaration === undefined) return STARTER;
  const { waves, gate, watch, where, windows, holdOut } = declaration;
  return {
    ...{ waves, gate },
    ...(watch === undefined ? {} : { watch }),
    ...(where === undefined ? {} : { where }),
    ...(windows === undefined ? {} : { windows }),
    ...(holdOut === undefined ? {} : { holdOut }),
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
