/** `npm start`: install what is missing, then play the demo. */
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

const startedAt = Date.now();
try {
  const installSeconds = await ensureInstalled();
  process.exitCode = await runOnPinnedNode(join(PROJECT, "local", "demo.ts"), process.argv.slice(2), {
    // The demo's last screen states both times; it alone knows when it is done.
    env: { WAVEGATE_STARTED_AT: String(startedAt), WAVEGATE_INSTALL_SECONDS: installSeconds.toFixed(1) },
    // On a terminal the demo stays up until it is interrupted: nobody could do that when this process was killed.
    endsWithParent: true,
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
