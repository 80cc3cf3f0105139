/** `npm run hub`: install what is missing, then run the local hub, or tell a running one what to do. */
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

try {
  await ensureInstalled();
  // Killed, this process could not end the hub any more: it ends by itself.
  process.exitCode = await runOnPinnedNode(join(PROJECT, "local", "hub-command.ts"), process.argv.slice(2), {
    endsWithParent: true,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
