import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real servers, real SDKs: a test gets time, never a sleep.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a test waits for comes when the machine has time for it; the limit is for what never comes.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
    // The commands under test annotate for the CI that runs them: a test that means it says so.
    env: { GITHUB_ACTIONS: "", TF_BUILD: "" },
    // Against Azure the conformance suite keeps to the limits of one hub, which its files share.
    fileParallelism: process.env["IOTHUB_CONNECTION_STRING"] === undefined,
    pool: "forks",
  },
});
