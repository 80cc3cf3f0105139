import type { GitHost } from "../adapters/git-host.ts";
import { isSafeAddress } from "../adapters/safe-address.ts";
import { WavegateError } from "../model/problem.ts";
import { secret } from "../model/secret.ts";
import { textOption, type Context, type Input } from "./command.ts";

/** Options of every command that talks to the Git host. */
export const GIT_HOST_OPTIONS = [
  ["--repository <owner/name>", "the repository (default: GITHUB_REPOSITORY)"],
  ["--api-url <address>", "address of GitHub's API (default: GITHUB_API_URL, then api.github.com)"],
] as const;

/** Open the repository that options and environment name. The token comes from `GITHUB_TOKEN` alone: an option is seen by others. */
export async function openGitHost({ signal }: Pick<Context, "signal">, input: Input): Promise<GitHost> {
  const { GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_TOKEN } = process.env;
  const repository = textOption(input, "repository") ?? GITHUB_REPOSITORY ?? "";
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new WavegateError("BAD_OPTION", `"${repository}" names no repository`, {
      hint: "say which one: --repository OWNER/NAME, or set GITHUB_REPOSITORY",
    });
  const apiUrl = textOption(input, "apiUrl") ?? GITHUB_API_URL ?? "https://api.github.com";
  if (!isSafe(apiUrl))
    throw new WavegateError(
      "BAD_OPTION",
      `${apiUrl} is no https address: a token would be sent in the clear`,
      {
        hint: "use --api-url https://api.github.com, or https://HOST/api/v3",
      },
    );
  const token = GITHUB_TOKEN?.trim() ?? "";
  if (token === "")
    throw new WavegateError("GIT_HOST_REFUSED", "there is no token in GITHUB_TOKEN", {
      hint: "in a workflow: env: { GITHUB_TOKEN: ${{ github.token }} }; elsewhere: export GITHUB_TOKEN=$(gh auth token)",
    });
  // Loaded late: no other command needs its client.
  const { gitHub } = await import("../adapters/github/github.ts");
  return gitHub({ apiUrl, repository, token: secret(token), signal });
}

function isSafe(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && isSafeAddress(url);
}
