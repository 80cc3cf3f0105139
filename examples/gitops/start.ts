/** A release as a pull request: `npx node examples/gitops/start.ts`. It needs git, and nothing beyond this machine. */
import { execFileSync } from "node:child_process";
import { devNull } from "node:os";
import { play } from "../play.ts";

/** Nobody's own git: neither its signatures and hooks, nor the repository of a hook that may have started this. */
const ENVIRONMENT = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  ...{ GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_SYSTEM: devNull },
  ...{ GIT_AUTHOR_NAME: "firmware team", GIT_AUTHOR_EMAIL: "firmware@example.invalid" },
  ...{ GIT_COMMITTER_NAME: "firmware team", GIT_COMMITTER_EMAIL: "firmware@example.invalid" },
};
const BRANCH = "release-1.1.0";
const PLAN = "release.plan.json";

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { plant: "devices.json" },
  async story({ stage, say, type, claim, versions, asked }) {
    const git = (...args: readonly string[]): string => {
      say(`\n$ git ${args.join(" ")}`);
      return execFileSync("git", args, { cwd: stage.repository, encoding: "utf8", env: ENVIRONMENT });
    };
    const commit = (message: string): string => git("commit", "--quiet", "--message", message);

    git("init", "--quiet", "--initial-branch=main");
    git("add", ".github", "rollout/fleet.ts", "package.json", "tsconfig.json", ".gitignore");
    commit("feat: our fleet, and wavegate's workflows");
    git("checkout", "--quiet", "-b", BRANCH);
    git("add", "rollout/releases");
    commit("feat: thermostat 1.1.0");
    const tracked = git("ls-files").split("\n");
    claim(
      "the workflows are those that init wrote, and no settings are in a commit",
      tracked.includes(".github/workflows/wavegate-plan.yml") && !tracked.includes("wavegate.settings.json"),
    );

    say("\nThe schedule, on main: it takes over what the devices run.");
    git("checkout", "--quiet", "main");
    await type("reconcile", "--no-start");
    say("\nThe pull request: what wavegate-plan puts into its comment.");
    git("checkout", "--quiet", BRANCH);
    const report = await type("plan", "--markdown", "--runs", "40");
    const reviewed = /<sub>Plan ([0-9a-f]{12})/.exec(report.output)?.[1] ?? "none";

    say("\nReviewed, and merged.");
    git("checkout", "--quiet", "main");
    git("merge", "--quiet", "--no-ff", "--message", "Merge thermostat 1.1.0", BRANCH);
    await type("reconcile", "--no-start");
    claim("a merge alone starts nothing", asked("1.1.0") === 0);
    const planned = await type("plan", "--out", PLAN);
    claim("the plan on main is the one that was reviewed", planned.output.includes(`plan ${reviewed}`));
    await type("apply", PLAN, "--no-wait");
    const again = await type("apply", PLAN, "--no-wait");
    claim("it started once: a plan that has been carried out is stale", again.code === 1);

    say("\nThe schedule carries it on.");
    let looked = await type("reconcile", "--no-start");
    while (looked.code === 0 && !looked.output.includes("1.1.0 is complete"))
      looked = await type("reconcile", "--no-start");
    claim("it has reached all 150 devices", looked.code === 0 && versions()["1.1.0"] === 150);
    const { output: told } = await type("history");
    claim("the record names the plan", told.includes(`opens "canary" (plan ${reviewed})`));
  },
});
