#!/usr/bin/env node
/** One look of a controller in a container: `wavegate` with these arguments, then a line that alerts are made of. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const wavegate = fileURLToPath(new URL("../../scripts/wavegate.mjs", import.meta.url));
const child = spawn(process.execPath, [wavegate, ...process.argv.slice(2)], { stdio: "inherit" });
// The platform ends a container by SIGTERM; a look that is told so leaves nothing half done.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => {
  // Ended by a signal it has no code: that is no look that ended in order.
  const exit = code ?? 1;
  // The query of the alerts names this event [infra/components/alerts.ts].
  console.log(JSON.stringify({ event: "wavegateLookEnded", exit }));
  process.exitCode = exit;
});
