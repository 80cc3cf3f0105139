import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { WavegateError } from "../../model/problem.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { GIT_HOST_OPTIONS, openGitHost } from "../open-git-host.ts";
import { COMMENT_LIMIT, REPORT_MARK } from "../views/plan-report.ts";

/** `wavegate git comment`. */
export const gitComment: Command = {
  help: `Post what plan --markdown printed as a comment of a pull request, or change the
comment that was posted before: there is one, and only one that this token wrote is
changed. Needs the permission "pull-requests: write" and no hub, so that a job which
may write comments need not run the code of the pull request.`,
  examples: ["wavegate git comment report.md", "wavegate git comment --pull-request 12 - < report.md"],
  options: [
    ["--pull-request <number>", "which one (default: that of the workflow's run, from GITHUB_REF)"],
    ...GIT_HOST_OPTIONS,
  ],
  async run(context, input) {
    const pullRequest = pullRequestOf(input, process.env["GITHUB_REF"]);
    const body = await reportIn(input.args[0] ?? "", context);
    const host = await openGitHost(context, input);
    const { change, url } = await host.putComment({ pullRequest, mark: REPORT_MARK, body });
    const done = { created: "posted", updated: "brought up to date", none: "as it was" }[change];
    return {
      exitCode: EXIT.done,
      human: `the plan's comment on pull request ${pullRequest} is ${done}: ${url}`,
      json: { schemaVersion: 1, pullRequest, change, url },
    };
  },
};

/** In Actions the ref of a pull request's run is `refs/pull/12/merge`. */
function pullRequestOf(input: Input, ref = ""): number {
  const named = textOption(input, "pullRequest") ?? /^refs\/pull\/(\d+)\/merge$/.exec(ref)?.[1] ?? "";
  if (/^[1-9]\d{0,8}$/.test(named)) return Number(named);
  throw new WavegateError("BAD_OPTION", `"${named}" is no number of a pull request`, {
    hint: "wavegate git comment report.md --pull-request 12",
  });
}

async function reportIn(file: string, { folder }: Pick<Context, "folder">): Promise<string> {
  const report = await (file === "-" ? text(process.stdin) : readFile(resolve(folder, file), "utf8")).catch(
    (cause: unknown) => {
      throw new WavegateError("BAD_OPTION", `${file} cannot be read`, {
        hint: `write it: wavegate plan --markdown > ${file}`,
        cause,
      });
    },
  );
  if (report.startsWith(REPORT_MARK) && report.length <= COMMENT_LIMIT) return report.trimEnd();
  const why = report.startsWith(REPORT_MARK)
    ? `has ${report.length} characters, and a comment takes ${COMMENT_LIMIT}`
    : "is no report of a plan";
  throw new WavegateError("BAD_OPTION", `${file} ${why}`, {
    hint: "write it anew: wavegate plan --markdown > report.md",
  });
}
