import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { productNameSchema } from "../../model/product-version.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { shownPath } from "../declarations/declarations.ts";
import { localDeploymentFiles } from "../scaffold/local-deployment.ts";
import { completeManifest } from "../scaffold/package-manifest.ts";
import { shippedTemplates } from "../scaffold/shipped-templates.ts";
import { json, starterFiles } from "../scaffold/starter-files.ts";

/** Whatever else the folder holds: npm writes it before there is anything to run. */
const MANIFEST = "package.json";

/** `wavegate init`. */
export const init: Command = {
  help: `Write the files of a repository that holds nothing but a fleet, its releases and the
pipelines that carry them out. No file that is there is written over: where one is,
nothing is written at all. Of package.json, which npm has made already, only what is
missing is added. With --local the folder goes on with a hub of this machine: it gets
settings with that hub's keys, and the fleet and releases declared there.`,
  examples: [
    "wavegate init --product thermostat",
    "wavegate init lab --local ../wavegate/.wavegate/demo/settings.json",
  ],
  options: [
    ["--product <name>", "the first product of the fleet (default: thermostat)"],
    ["--local <file>", "settings of a hub on this machine, such as a running demo's"],
  ],
  async run(context, input) {
    const folder = resolve(context.folder, input.args[0] ?? ".");
    const product = productOf(textOption(input, "product") ?? "thermostat");
    const local = textOption(input, "local");
    const files = new Map([
      ...starterFiles(product),
      ...(await shippedTemplates()),
      ...(local === undefined ? [] : await localDeploymentFiles(local, context.folder)),
    ]);
    refuseExisting(folder, [...files.keys()]);
    const { manifest, added, hasWavegate } = completeManifest(await readIfThere(join(folder, MANIFEST)));
    await writeAll(folder, files);
    if (added.length > 0) await writeFile(join(folder, MANIFEST), json(manifest));
    const written = [...files.keys()];
    const next = [
      ...(folder === context.folder ? [] : [`cd ${shownPath(context.folder, folder)}`]),
      hasWavegate ? "npm install" : "npm install --save-dev wavegate, or the file that `npm run pack` made",
      ...(local === undefined
        ? ["cp wavegate.settings.example.json wavegate.settings.json, and fill it in"]
        : []),
      `npx wavegate release add FILE --product ${product} --release VERSION`,
    ];
    return {
      exitCode: EXIT.done,
      human: [
        ...written.map((file) => `wrote ${shownPath(context.folder, join(folder, file))}`),
        ...(added.length === 0 ? [] : [`added to ${MANIFEST}: ${added.join(", ")}`]),
        ...next.map((step, index) => `${index === 0 ? "  next: " : "        "}${step}`),
      ].join("\n"),
      json: { schemaVersion: 1, folder, written, manifest: { added }, next },
    };
  },
};

function productOf(name: string): string {
  const { success, error } = productNameSchema.safeParse(name);
  if (success) return name;
  const fault = error.issues.map(({ message }) => message).join("; ");
  throw new WavegateError("BAD_OPTION", `--product is ${JSON.stringify(name)}: ${fault}`, {
    hint: "write it as in: wavegate init --product door-lock",
  });
}

/** All of them at once; whoever has files here has begun already. */
function refuseExisting(folder: string, files: readonly string[]): void {
  const there = files.filter((file) => existsSync(join(folder, file)));
  if (there.length === 0) return;
  throw new WavegateError("BAD_OPTION", `${folder} has ${there.join(", ")} already; nothing was written`, {
    hint: "move what is there away, or name another folder: wavegate init FOLDER",
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  return existsSync(file) ? readFile(file, "utf8") : undefined;
}

async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  try {
    for (const [file, text] of files) {
      const place = join(folder, file);
      await mkdir(dirname(place), { recursive: true });
      // Settings may hold a key, and are refused where others could read it.
      await writeFile(place, text, { flag: "wx", mode: file === "wavegate.settings.json" ? 0o600 : 0o666 });
    }
  } catch (error) {
    throw new WavegateError("BAD_OPTION", `${folder} cannot be written to`, {
      hint: "choose another folder: wavegate init FOLDER",
      cause: error,
    });
  }
}
