/** `npm run test:extras`: what takes long, and what needs programs that npm cannot install. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { DEBIAN_TESTS, LONG_TESTS } from "./long-tests.mjs";
import { environmentWith, exitCode, findPinnedNode, PROJECT } from "./pinned-node.mjs";

/**
 * One entry for each extra: `name`, `packages` (Debian's names, given to scripts/debian-packages, which installs them)
 * and `run()`, which resolves to `{ passed, failed }`.
 */
const EXTRAS = [
  { name: "long tests", packages: [], run: () => runTests(LONG_TESTS) },
  ...DEBIAN_TESTS.map(({ name, packages, tests }) => ({ name, packages, run: () => runTests(tests) })),
];

try {
  const counts = { passed: 0, failed: 0 };
  await ensureInstalled();
  for (const extra of EXTRAS) {
    console.log(`${extra.name}:`);
    await install(extra.packages);
    const { passed, failed } = await extra.run();
    counts.passed += passed;
    counts.failed += failed;
  }
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** What cannot be installed is said, and the tests that need it skip. */
async function install(packages) {
  if (packages.length === 0) return;
  const child = spawn(join(PROJECT, "scripts", "debian-packages"), packages, { stdio: "inherit" });
  const code = await exitCode(child).catch(() => 1);
  if (code !== 0)
    console.log(`${packages.join(", ")} could not be installed: tests that need it are skipped`);
}

async function runTests(paths) {
  const node = findPinnedNode();
  const child = spawn(node, [join(PROJECT, "scripts", "test.mjs"), ...paths], {
    cwd: PROJECT,
    env: environmentWith(node),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await exitCode(child);
  // The last line has them: what a failed test expected may look like totals too.
  const [, passed, failed] = /(\d+) passed, (\d+) failed\n*$/.exec(output) ?? [];
  // Without its totals a run broke, whatever it ended with.
  if (passed === undefined) return { passed: 0, failed: 1 };
  return { passed: Number(passed), failed: Number(failed) || (code === 0 ? 0 : 1) };
}
