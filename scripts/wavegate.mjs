#!/usr/bin/env node
/** The `wavegate` command: finds a Node that runs TypeScript, this one if it can, and hands over to the CLI. */
import nodeModule from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isRunningNodeFit, PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

// A reader that has seen enough (`wavegate history | head`) is no error; 141 is what a shell calls a broken pipe.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(141);
});

const args = process.argv.slice(2);
try {
  if (isRunningNodeFit() || process.env.WAVEGATE_ON_PINNED_NODE !== undefined) {
    // Inside the project, not in the shared folder for temporary files that is Node's default.
    nodeModule.enableCompileCache?.(join(PROJECT, "node_modules", ".cache", "wavegate"));
    const { main } = await import("../rollout/cli/main.ts");
    process.exitCode = await main(args);
  } else {
    process.exitCode = await runOnPinnedNode(fileURLToPath(import.meta.url), args, {
      // Should that Node be an old one too, it fails there instead of starting another.
      env: { WAVEGATE_ON_PINNED_NODE: "1" },
    });
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
