import type { CommitTag, Written } from "../git-host.ts";
import type { GitHubClient } from "./client.ts";
import { isThere } from "./errors.ts";

/** Names of tags that begin so. */
export function tagNames(client: GitHubClient, prefix: string): Promise<ReadonlySet<string>> {
  const { octokit, at } = client;
  return client.call(`list the tags ${prefix}*`, "contents: read", async () => {
    const refs = await octokit.paginate(octokit.rest.git.listMatchingRefs, { ...at, ref: `tags/${prefix}` });
    return new Set(refs.map(({ ref }) => ref.replace(/^refs\/tags\//, "")));
  });
}

/** Put an annotated tag on the newest commit that touched a file. One that is there stays where it is. */
export function tagCommitOf(
  client: GitHubClient,
  { name, message, path, from }: CommitTag,
): Promise<Written | undefined> {
  const { octokit, at } = client;
  return client.call(`tag ${name}`, "contents: write", async () => {
    const { data: commits } = await octokit.rest.repos.listCommits({
      ...{ ...at, path, per_page: 1 },
      ...(from === undefined ? {} : { sha: from }),
    });
    const [commit] = commits;
    if (commit === undefined) return undefined;
    const { sha: object, html_url: url } = commit;
    const { data: tag } = await octokit.rest.git.createTag({
      ...at,
      tag: name,
      message,
      object,
      type: "commit",
    });
    try {
      await octokit.rest.git.createRef({ ...at, ref: `refs/tags/${name}`, sha: tag.sha });
      return { change: "created", url };
    } catch (error) {
      if (!isThere(error)) throw error;
      return { change: "none", url };
    }
  });
}
