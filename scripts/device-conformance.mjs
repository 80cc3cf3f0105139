/** `npm run device:conformance`: install what is missing, then check a device, by default our own. */
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

try {
  await ensureInstalled();
  process.exitCode = await runOnPinnedNode(
    join(PROJECT, "local", "device-conformance.ts"),
    process.argv.slice(2),
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
