/** `npm run test:extras`: what needs programs that npm cannot install, so it is kept out of `npm test`. */
import { ensureInstalled } from "./install.mjs";

/**
 * One entry for each extra: `name`, `packages` (Debian's names, given to scripts/debian-packages, which installs them)
 * and `run()`, which resolves to `{ passed, failed, skipped }`.
 */
const EXTRAS = [];

try {
  const counts = { passed: 0, failed: 0 };
  if (EXTRAS.length === 0)
    console.log("extras: none yet, every test there is runs from npm alone (npm test)");
  else await ensureInstalled();
  for (const extra of EXTRAS) {
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
