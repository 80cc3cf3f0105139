/** `npm run hub`: install what is missing, then run the local hub, or tell a running one what to do. */
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

const LOOK_MS = 500;

try {
  await ensureInstalled();
  endWithShellOfNpm();
  process.exitCode = await runOnPinnedNode(join(PROJECT, "local", "hub-command.ts"), process.argv.slice(2), {
    // Killed, this process could not end the hub any more: it ends by itself.
    endsWithParent: true,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** npm hands a SIGTERM to the shell it runs scripts in, which dies of it and tells nobody: a hub would be left behind. */
function endWithShellOfNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(looking);
    process.kill(process.pid, "SIGTERM");
  }, LOOK_MS).unref();
}
