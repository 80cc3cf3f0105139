/**
 * Tests that take half of a minute each and more: the whole demo, kills, floods, rollouts in bad weather, mutants.
 * `npm test` leaves them out to end within its time, `npm run test:extras` runs them, and so does CI.
 */
export const LONG_TESTS = [
  "test/bench/forecast.test.ts",
  "test/device/power-cut/killed-process.test.ts",
  "test/docs/api.test.ts",
  "test/e2e/demo.test.ts",
  "test/e2e/drill.test.ts",
  "test/e2e/gitops.test.ts",
  "test/e2e/page-commands.test.ts",
  "test/engine-proof/mutants/mutants.test.ts",
  "test/examples/examples.test.ts",
  "test/examples/single-device.test.ts",
  "test/infra/device-set-life.test.ts",
  "test/infra/properties.test.ts",
  "test/infra/rollout-data-actions.test.ts",
  "test/local/device-conformance/broken-devices.test.ts",
  "test/local/device-conformance/device-in-python.test.ts",
  "test/local/hub/crash.test.ts",
  "test/local/hub/hostile/",
  "test/local/hub/hub-command.test.ts",
  "test/local/hub/mqtt-hostile.test.ts",
  "test/rollout/cli/on-demand.test.ts",
  "test/rollout/cli/records-in-container.test.ts",
  "test/rollout/cli/watch.test.ts",
  "test/rollout/reconcile/enroll-by-job.test.ts",
  "test/rollout/weather/",
  "test/scripts/package.test.ts",
  "test/scripts/test-run.test.ts",
];

/** Tests against programs that npm cannot install: the Debian packages they need. Without them they skip, and say so. */
export const DEBIAN_TESTS = [
  {
    name: "metric sources",
    packages: ["prometheus"],
    tests: ["test/rollout/adapters/metrics/real-prometheus.test.ts"],
  },
  {
    name: "pages in a browser",
    packages: ["chromium"],
    tests: ["test/browser/pages.test.ts"],
  },
  {
    name: "SWUpdate",
    packages: ["swupdate", "cpio", "openssl"],
    tests: ["test/device/swupdate.test.ts"],
  },
];
