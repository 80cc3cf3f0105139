import { resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { EXIT, textOption, type Command } from "../command.ts";
import { GIT_HOST_OPTIONS, openGitHost } from "../open-git-host.ts";
import { readPlans } from "../plans/plan-file.ts";
import { REPORT_MARK, reportedDigests } from "../views/plan-report.ts";

/** `wavegate git verify-plan`. */
export const gitVerifyPlan: Command = {
  help: `Compare a plan that was made after the merge with the one that the pull request
showed: the comment of git comment, on the pull request that the commit came by.
A plan that starts a release or overrides a gate must have the same digest; any
other needs no review. What is refused here is not applied:
somebody looks at the new plan first.`,
  examples: [
    "wavegate git verify-plan release.plan.json",
    "wavegate git verify-plan release.plan.json --commit 4f2a9c1",
  ],
  options: [["--commit <sha>", "the merged commit (default: GITHUB_SHA)"], ...GIT_HOST_OPTIONS],
  async run(context, input) {
    const file = input.args[0] ?? "";
    const { plans } = await readPlans(resolve(context.folder, file));
    const widening = plans.filter(({ basis }) => basis.starts !== null || basis.overrides !== undefined);
    if (widening.length === 0)
      return {
        exitCode: EXIT.done,
        human: `${file} starts no release and overrides no gate: nothing in it needs a review`,
        json: { schemaVersion: 1, reviewed: [] },
      };
    const commit = textOption(input, "commit") ?? process.env["GITHUB_SHA"] ?? "";
    if (!/^[0-9a-f]{7,64}$/.test(commit))
      throw new WavegateError("BAD_OPTION", `"${commit}" is no commit`, {
        hint: `wavegate git verify-plan ${file} --commit SHA`,
      });
    const host = await openGitHost(context, input);
    const shown = (await host.commentsOfCommit(commit, REPORT_MARK)).flatMap(reportedDigests);
    for (const { product, digest, basis } of widening) {
      if (shown.includes(digest)) continue;
      const showed =
        shown.length === 0
          ? `commit ${commit.slice(0, 12)} came by no pull request that shows a plan`
          : `its pull request showed ${shown.map((one) => one.slice(0, 12)).join(", ")}`;
      throw new WavegateError(
        "PLAN_NOT_REVIEWED",
        `plan ${digest.slice(0, 12)} of ${product} ${basis.starts === null ? "overrides a gate" : "starts a release"}, and ${showed}: the fleet, the records or the declarations changed since, or nobody looked`,
        { hint: "have the new plan reviewed: run the workflow wavegate-apply by hand" },
      );
    }
    const reviewed = widening.map(({ product, digest }) => ({ product, digest }));
    return {
      exitCode: EXIT.done,
      human: reviewed
        .map(({ product, digest }) => `${product}: plan ${digest.slice(0, 12)} is the one that was reviewed`)
        .join("\n"),
      json: { schemaVersion: 1, reviewed },
    };
  },
};
