import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the project these scripts belong to, wherever they are called from. */
export const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** From this version on Node runs TypeScript files without a flag. */
const LEAST = { major: 22, minor: 18 };
const PINNED = join(
  PROJECT,
  "node_modules",
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
      "Run `npm ci` in the project, which installs it, or install a newer Node.",
  );
}

/** The environment of a child: whatever it starts by the name `node` is the project's Node too. */
export function environmentWith(node, extra = {}) {
  return { ...process.env, PATH: [dirname(node), process.env.PATH ?? ""].join(delimiter), ...extra };
}

/** Run a file on the project's Node in this terminal; resolves to its exit code, 128 + n when signal n ended it. */
export async function runOnPinnedNode(file, args, { env } = {}) {
  const node = findPinnedNode();
  const child = spawn(node, [file, ...args], { stdio: "inherit", env: environmentWith(node, env) });
  const stopPassing = passSignals(child);
  try {
    return await exitCode(child);
  } finally {
    stopPassing();
  }
}

/** Exit code of a child in the shell's manner. */
export function exitCode(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** Hand the signals this process gets to the child, which decides how to end; returns how to stop that. */
function passSignals(child) {
  // Ctrl-C in a terminal reaches the whole group: passed on as well, the child would see it twice.
  const inTerminal = process.stdin.isTTY === true || process.stdout.isTTY === true;
  const handlers = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => {
    const handler = () => {
      if (signal !== "SIGINT" || !inTerminal) child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => handlers.forEach((off) => off());
}
