import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { exitCode, passSignals, PROJECT } from "./pinned-node.mjs";

/** Lines of npm's output worth showing when it fails: the reason stands at its beginning or at its end. */
const ENDS = 15;

/**
 * Install the project's packages unless exactly those of the lock file are there. Returns the seconds it took, 0 when
 * there was nothing to do; throws with npm's own words. A signal ends npm, and then this process in the shell's manner.
 */
export async function ensureInstalled() {
  if (await isInstalled()) return 0;
  const started = performance.now();
  const { code, output } = await runNpm(["ci", "--include=dev", "--no-audit", "--no-fund"]);
  if (code !== 0) {
    throw new Error(
      `${endsOf(output)}\n\nInstalling the packages failed: npm ended with code ${code}, its words are above.\n` +
        "Check that this machine reaches the npm registry (a proxy is set with `npm config set https-proxy`) and that\n" +
        "package-lock.json fits package.json (`npm install` makes it fit), then run the command again.",
    );
  }
  const seconds = (performance.now() - started) / 1000;
  console.error(`installed packages in ${seconds.toFixed(0)} s`);
  return seconds;
}

function endsOf(output) {
  const lines = output.trimEnd().split("\n");
  if (lines.length <= 2 * ENDS) return lines.join("\n");
  return [...lines.slice(0, ENDS), "...", ...lines.slice(-ENDS)].join("\n");
}

/** npm notes what it installed last, once it is all there; times of files say little after a checkout or a copy. */
async function isInstalled() {
  const [wanted, found] = await Promise.all([
    readPackages(join(PROJECT, "package-lock.json")),
    readPackages(join(PROJECT, "node_modules", ".package-lock.json")),
  ]);
  if (wanted === undefined || found === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const same = found[path];
    // Optional packages are those of other platforms; the empty path is the project itself.
    if (same === undefined)
      return path === "" || entry.optional === true || !path.startsWith("node_modules/");
    // `npm install --package-lock-only` notes packages as installed that are not: what is noted must be there.
    return (
      same.version === entry.version && same.integrity === entry.integrity && existsSync(join(PROJECT, path))
    );
  });
}

async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, "utf8")).packages;
  } catch {
    // Missing or cut short: npm will say what is wrong with it, if anything is.
    return undefined;
  }
}

/** Run npm in the project; a signal ends it, and then this process in the shell's manner. */
export async function runNpm(args) {
  // npm tells its scripts where it is itself; started without it, the one on the path has to do.
  const cli = process.env.npm_execpath;
  const child = cli?.endsWith(".js")
    ? spawn(process.execPath, [cli, ...args], { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] })
    : spawn("npm", args, {
        cwd: PROJECT,
        stdio: ["ignore", "pipe", "pipe"],
        shell: process.platform === "win32",
      });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  // npm minds a second Ctrl-C no more than the first, so it is told even where the terminal has told it.
  const passing = passSignals(child, { groupHears: false });
  try {
    const code = await exitCode(child);
    const signal = passing.received();
    if (signal !== undefined) {
      console.error(`stopped by ${signal} while npm was at work: run the command again to go on`);
      process.exit(128 + constants.signals[signal]);
    }
    return { code, output };
  } finally {
    passing.stop();
  }
}
