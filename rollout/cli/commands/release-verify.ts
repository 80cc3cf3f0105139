import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sha256Hex } from "../../model/digest.ts";
import type { Artifact } from "../../model/artifact.ts";
import { parseManifest } from "../../model/manifest.ts";
import { WavegateError, type Code, type Problem } from "../../model/problem.ts";
import type { StoredImage } from "../../model/question.ts";
import { parseRelease } from "../../model/release.ts";
import { isSignedBy, keyIdOf } from "../../model/signing-key.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { loadDeclaration, releaseFiles, shownPath } from "../declarations/declarations.ts";
import { readPublicKey } from "../signing.ts";
import { renderProblems } from "../views/problems.ts";

/** `wavegate release verify`. */
export const releaseVerify: Command = {
  help: `Check release files the way devices with pinned keys will: the manifest is signed
by the key, says the same as the file, and the image has the size and the digest it
states. The image is read from the image store of the settings, or from a file of
yours with --image, which needs no settings. Anything that could not be checked is a
failure. Without files, every release of the releases folder is checked.`,
  examples: [
    "wavegate release verify --public-key keys/wavegate-5f1c.public.pem",
    "wavegate release verify rollout/releases/thermostat-2.1.0.ts --public-key key.pem --image build/fw.bin",
  ],
  options: [
    ["--public-key <file>", "the key that has to have signed them (required)"],
    ["--image <file>", "the image of the one release that is named"],
  ],
  async run(context, input) {
    const keyFile = textOption(input, "publicKey");
    if (keyFile === undefined)
      throw new WavegateError("BAD_OPTION", "--public-key <file> is missing", {
        hint: "name the .public.pem file that `wavegate keys new` wrote",
      });
    const publicKey = await readPublicKey(resolve(context.folder, keyFile));
    const files = await chosenFiles(context, input);
    const describe = await imageReader(context, textOption(input, "image"), files.length);
    const releases = [];
    for (const path of files) releases.push(await check(path, { context, publicKey, describe }));
    const problems = releases.flatMap((one) => one.problems);
    return {
      exitCode: problems.length > 0 ? EXIT.error : EXIT.done,
      human:
        problems.length > 0
          ? renderProblems(problems)
          : releases
              .map(({ file }) => `${file}: signed by ${keyIdOf(publicKey)}, image as stated`)
              .join("\n"),
      json: { schemaVersion: 1, keyId: keyIdOf(publicKey), releases },
    };
  },
};

type Describe = (artifact: Artifact) => Promise<StoredImage | undefined>;

interface Checked {
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}

async function check(
  path: string,
  input: { readonly context: Context; readonly publicKey: KeyObject; readonly describe: Describe },
): Promise<Checked> {
  const { context, publicKey, describe } = input;
  const file = shownPath(context.folder, path);
  const loaded = await loadDeclaration(path, file, { code: "RELEASE_INVALID" });
  if ("problem" in loaded) return { file, ok: false, problems: [loaded.problem] };
  const { release, problems } = parseRelease(loaded.value, file);
  if (release === undefined) return { file, ok: false, problems };
  const { artifact } = release;
  const found = [
    ...signatureProblems(artifact, { file, publicKey }),
    ...imageProblems(artifact, { file, image: await describe(artifact) }),
  ];
  return { file, ok: found.length === 0, problems: found };
}

function signatureProblems(
  artifact: Artifact,
  { file, publicKey }: { readonly file: string; readonly publicKey: KeyObject },
): readonly Problem[] {
  if (artifact.signature === "")
    return [
      problem(file, "SIGNATURE_MISSING", {
        summary: "it has no manifest and no signature: devices with pinned keys refuse it",
        hint: "a release never changes: add a new version with wavegate release add <image> --key <file>",
      }),
    ];
  if (isSignedBy(artifact, publicKey)) return [];
  // parseRelease has read it.
  const manifest = parseManifest(artifact.manifest);
  const named = typeof manifest === "string" ? "" : `; it names the key ${manifest.keyId}`;
  return [
    problem(file, "SIGNATURE_INVALID", {
      summary: `its signature is not that of the key ${keyIdOf(publicKey)}${named}`,
      hint: "do not roll it out: find out who wrote it, or name the key that signed it",
    }),
  ];
}

function imageProblems(
  { path, sha256, size }: Artifact,
  { file, image }: { readonly file: string; readonly image: StoredImage | undefined },
): readonly Problem[] {
  if (image === undefined)
    return [
      problem(file, "ARTIFACT_MISSING", {
        summary: `there is no image under ${path}`,
        hint: "store it: wavegate release add",
      }),
    ];
  if (image.sha256 === sha256 && image.size === size) return [];
  return [
    problem(file, "ARTIFACT_MISMATCH", {
      summary: `the image has ${image.size} bytes with the digest ${image.sha256}, and the release says ${size} bytes with ${sha256}`,
      hint: "find out who wrote it: devices refuse it",
    }),
  ];
}

function problem(path: string, code: Code, text: Pick<Problem, "summary" | "hint">): Problem {
  return { severity: "error", code, path, ...text };
}

async function chosenFiles(context: Context, input: Input): Promise<readonly string[]> {
  // The last argument of a command may be many; commander gives them as one list.
  const named = input.args.flat().filter((file) => file !== undefined);
  if (named.length > 0) return named.map((file) => resolve(context.folder, file));
  const { releases } = (await context.settings()).declarations;
  const names = await releaseFiles(releases);
  if (names.length > 0) return names.map((name) => join(releases, name));
  throw new WavegateError("BAD_OPTION", `there is no release in ${releases}`, {
    hint: "name the release files, or add one with: wavegate release add",
  });
}

async function imageReader(context: Context, image: string | undefined, files: number): Promise<Describe> {
  if (image === undefined) {
    const { images } = await context.session();
    return ({ path }) => images.describe(path);
  }
  if (files !== 1)
    throw new WavegateError("BAD_OPTION", `--image is the image of one release, and these are ${files}`, {
      hint: "name the one release file",
    });
  const bytes = await readFile(resolve(context.folder, image)).catch((error: unknown) => {
    throw new WavegateError("BAD_OPTION", `the image ${image} cannot be read`, {
      hint: "name the file your build wrote",
      cause: error,
    });
  });
  return () => Promise.resolve({ size: bytes.length, sha256: sha256Hex(bytes) });
}
