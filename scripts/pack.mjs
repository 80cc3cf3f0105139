/** `npm run pack`: build JavaScript into dist/package/ and the package of it, dist/wavegate-VERSION.tgz. */
import { spawn } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { ensureInstalled, runNpm } from "./install.mjs";
import { exitCode, findPinnedNode, PROJECT } from "./pinned-node.mjs";

const DIST = join(PROJECT, "dist");
const PACKAGE = join(DIST, "package");
/** What is taken along as it is; `templates` is what `wavegate init` copies, `browser` what pages and reports run. */
const ASSETS = [
  "scripts/wavegate.mjs",
  "scripts/pinned-node.mjs",
  "rollout/cli/help.txt",
  "rollout/cli/help",
  "rollout/page/browser",
  "templates",
  "docs",
  "README.md",
  "CHANGELOG.md",
];
/** Of the documentation what commands and README name: pictures and decisions stay in the repository. */
const LEFT = ["images", "decisions"].map((folder) => join(PROJECT, "docs", folder));
/** Needed by programs of Pulumi alone, which have them: 150 MB that no rollout and no device wants. */
const OPTIONAL = /^@pulumi\//;
/** A bare name after `from`, `import` or `import(`, as the compiler prints it. */
const IMPORT = /(?:\bfrom |\bimport |\bimport\()"((?:@[^/"]+\/)?[^./"][^/"]*)[^"]*"/g;

try {
  await ensureInstalled();
  await rm(DIST, { recursive: true, force: true });
  await compile();
  for (const asset of ASSETS) await take(asset);
  const manifest = packageManifest(
    JSON.parse(await readFile(join(PROJECT, "package.json"), "utf8")),
    await imported(),
  );
  await writeFile(join(PACKAGE, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const file = await packed();
  const { size } = await stat(join(PROJECT, file));
  console.log(
    `packed ${file} (${(size / 1e6).toFixed(1)} MB)\n  next, in your own repository: npm install --save-dev ${join(PROJECT, file)}`,
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** package.json of the package: what was compiled, and what it imports, in the versions of the project. */
function packageManifest({ name, version, description, license, type, engines, bin, ...project }, names) {
  const versions = { ...project.dependencies };
  const missing = names.filter((one) => versions[one] === undefined);
  if (missing.length > 0)
    throw new Error(`package.json has no dependency ${missing.join(", ")}, which the package imports`);
  const among = (wanted) => Object.fromEntries(names.filter(wanted).map((one) => [one, versions[one]]));
  const peers = among((one) => OPTIONAL.test(one));
  return {
    ...{ name, version, description, license, private: project.private, type, engines, bin },
    exports: Object.fromEntries(
      Object.entries(project.exports).map(([path, file]) => [
        path,
        { types: file.replace(/\.ts$/, ".d.ts"), default: file.replace(/\.ts$/, ".js") },
      ]),
    ),
    dependencies: among((one) => !OPTIONAL.test(one)),
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map((one) => [one, { optional: true }])),
  };
}

/** Names of the packages that the compiled files import, sorted. */
async function imported() {
  const files = (await readdir(PACKAGE, { recursive: true })).filter((file) => /\.(js|d\.ts)$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(PACKAGE, file), "utf8")));
  const names = new Set(texts.flatMap((text) => [...text.matchAll(IMPORT)].map(([, name]) => name)));
  const isOurs = (name) => name === "wavegate" || name.startsWith("node:") || builtinModules.includes(name);
  return [...names].filter((name) => !isOurs(name)).sort();
}

async function take(asset) {
  const target = join(PACKAGE, asset);
  await mkdir(dirname(target), { recursive: true });
  await cp(join(PROJECT, asset), target, { recursive: true, filter: (file) => !LEFT.includes(file) });
}

async function compile() {
  const node = findPinnedNode();
  const compiler = join(PROJECT, "node_modules", "typescript", "bin", "tsc");
  const child = spawn(node, [compiler, "-p", "tsconfig.pack.json"], { cwd: PROJECT, stdio: "inherit" });
  const code = await exitCode(child);
  if (code !== 0) throw new Error(`the compiler ended with code ${code}: its words are above`);
}

/** The file that npm made of the folder. */
async function packed() {
  const { code, output } = await runNpm(["pack", PACKAGE, "--pack-destination", DIST, "--loglevel", "error"]);
  if (code !== 0)
    throw new Error(`${output.trimEnd()}\nnpm pack ended with code ${code}: its words are above`);
  return join("dist", output.trim());
}
