#!/usr/bin/env node
/**
 * The `wavegate` command: finds a Node that runs TypeScript, this one if it can, and hands over to the CLI. An old Node
 * has to get far enough to say that it is one: this file and pinned-node.mjs keep to what Node 14.0 reads.
 */
import { existsSync, readFileSync } from "fs";
import { join } from "path";
import { fileURLToPath } from "url";
import { isRunningNodeFit, PROJECT, runOnPinnedNode } from "./pinned-node.mjs";

// A reader that has seen enough (`wavegate history | head`) is no error; 141 is what a shell calls a broken pipe.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(141);
});

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

async function run(args) {
  const help = keptHelp(args);
  if (help !== undefined) {
    process.stdout.write(help);
    return 0;
  }
  if (isRunningNodeFit() || process.env.WAVEGATE_ON_PINNED_NODE !== undefined) {
    const { enableCompileCache } = await import("module");
    // Inside the project, not in the shared folder for temporary files that is Node's default.
    if (enableCompileCache !== undefined)
      enableCompileCache(join(PROJECT, "node_modules", ".cache", "wavegate"));
    const { main } = await import(
      // Packed it is JavaScript: Node strips no types below node_modules.
      existsSync(new URL("../rollout/cli/main.js", import.meta.url))
        ? "../rollout/cli/main.js"
        : "../rollout/cli/main.ts"
    );
    return main(args);
  }
  return runOnPinnedNode(fileURLToPath(import.meta.url), args, {
    // Should that Node be an old one too, it fails there instead of starting another.
    env: { WAVEGATE_ON_PINNED_NODE: "1" },
  });
}

/**
 * What `--help` prints, for all commands and of each; undefined for anything else that was typed. To compute it takes
 * several times as long as Node takes to start. A test keeps it true.
 */
function keptHelp(args) {
  const words = args.slice(0, -1);
  if (!["--help", "-h"].includes(args[words.length]) || !words.every((word) => /^[a-z][a-z-]*$/.test(word)))
    return undefined;
  const file = new URL(`../rollout/cli/${["help", ...words].join("/")}.txt`, import.meta.url);
  return existsSync(file) ? readFileSync(file) : undefined;
}
