// Without `node:`, and in the words of 2020: wavegate.mjs brings it to old Nodes, which are to say that they are old.
import { spawn } from "child_process";
import { existsSync } from "fs";
import { constants } from "os";
import { basename, delimiter, dirname, join } from "path";
import { fileURLToPath } from "url";

/** Folder of the project these scripts belong to, wherever they are called from. */
export const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** From this version on Node runs TypeScript files without a flag. */
const LEAST = { major: 22, minor: 18 };
/** Whether this is the package, in the project of somebody who uses it. */
const IS_PACKAGE = basename(join(PROJECT, "..")) === "node_modules";
const PINNED = join(
  PROJECT,
  IS_PACKAGE ? ".." : "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** Whether the Node that runs this can run the project's TypeScript. */
export function isRunningNodeFit() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor);
}

/** The project's own Node, else the running one when it is new enough; throws with what to do when there is none. */
export function findPinnedNode() {
  if (existsSync(PINNED)) return PINNED;
  if (isRunningNodeFit()) return process.execPath;
  throw new Error(
    `wavegate needs Node ${LEAST.major}.${LEAST.minor} or newer, this is ${process.versions.node}, and the project's own is not installed.\n` +
      `Run \`${IS_PACKAGE ? "npm install --save-dev node@24" : "npm ci"}\` in the project, which installs it, or install a newer Node.`,
  );
}

/** The environment of a child: whatever it starts by the name `node` is the project's Node too. */
export function environmentWith(node, extra = {}) {
  return { ...process.env, PATH: [dirname(node), process.env.PATH ?? ""].join(delimiter), ...extra };
}

/**
 * Run a file on the project's Node in this terminal; resolves to its exit code, 128 + n when signal n ended it. With
 * `endsWithParent` the child has an IPC channel that nothing is ever sent through: its `disconnect` event tells that this
 * process is gone, even by SIGKILL. A program that does not listen for it runs and ends as if there were none.
 */
export async function runOnPinnedNode(file, args, { env, endsWithParent = false } = {}) {
  const node = findPinnedNode();
  const child = spawn(node, [file, ...args], {
    stdio: ["inherit", "inherit", "inherit", ...(endsWithParent ? ["ipc"] : [])],
    env: environmentWith(node, env),
  });
  const passing = passSignals(child);
  try {
    return await exitCode(child);
  } finally {
    passing.stop();
  }
}

/** Exit code of a child in the shell's manner. */
export function exitCode(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Hand the signals this process gets to the child, which decides how to end, until `stop` is called; `received` tells the
 * first of them. `groupHears`: Ctrl-C reaches the child by itself, as part of the terminal's group.
 */
export function passSignals(child, { groupHears = isInTerminal() } = {}) {
  let first;
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const handler = () => {
      first = first ?? signal;
      // Passed on as well, the child would see it twice.
      if (signal !== "SIGINT" || !groupHears) child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return { received: () => first, stop: () => handlers.forEach((off) => off()) };
}

function isInTerminal() {
  return process.stdin.isTTY === true || process.stdout.isTTY === true;
}
