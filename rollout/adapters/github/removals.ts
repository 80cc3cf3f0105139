import { createHash } from "node:crypto";
import type { Removal, Written } from "../git-host.ts";
import type { GitHubClient } from "./client.ts";
import { isThere, statusOf } from "./errors.ts";

/**
 * Open a pull request that removes a file. A branch can be made once, and has one open pull request at most: of two jobs
 * the later one finds what the earlier one made, and a job that died in between is finished by the next. One that people
 * closed stays closed. undefined: the default branch does not have the file any more, or has another text there.
 */
export function proposeRemoval(client: GitHubClient, removal: Removal): Promise<Written | undefined> {
  const { branch, path, title, body } = removal;
  const { octokit, at } = client;
  const head = `${at.owner}:${branch}`;
  const proposed = async (): Promise<string | undefined> => {
    const { data } = await octokit.rest.pulls.list({ ...at, head, state: "all" });
    return data.at(-1)?.html_url;
  };
  return client.call(`propose to remove ${path}`, "contents: write, pull-requests: write", async () => {
    const there = await proposed();
    if (there !== undefined) return { change: "none", url: there };
    const { data: repository } = await octokit.rest.repos.get(at);
    const base = repository.default_branch;
    const { data: tip } = await octokit.rest.git.getRef({ ...at, ref: `heads/${base}` });
    if (!(await hasFile(client, removal, tip.object.sha))) return undefined;
    await createBranch(client, removal, tip.object.sha);
    try {
      const { data } = await octokit.rest.pulls.create({ ...at, head: branch, base, title, body });
      return { change: "created", url: data.html_url };
    } catch (error) {
      if (!isThere(error)) throw error;
      return { change: "none", url: (await proposed()) ?? repository.html_url };
    }
  });
}

/** Whether a commit has the file with the very text that is known here: only that is proposed to go. */
async function hasFile(
  { octokit, at }: GitHubClient,
  { path, content }: Removal,
  ref: string,
): Promise<boolean> {
  try {
    const { data } = await octokit.rest.repos.getContent({ ...at, path, ref });
    return !Array.isArray(data) && data.sha === blobName(content);
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function createBranch({ octokit, at }: GitHubClient, removal: Removal, tip: string): Promise<void> {
  const { branch, path, title } = removal;
  const { data: commit } = await octokit.rest.git.getCommit({ ...at, commit_sha: tip });
  const { data: tree } = await octokit.rest.git.createTree({
    ...at,
    base_tree: commit.tree.sha,
    // A name for no object removes the entry [REST: git trees].
    tree: [{ path, mode: "100644", type: "blob", sha: null }],
  });
  const { data: removed } = await octokit.rest.git.createCommit({
    ...at,
    message: title,
    tree: tree.sha,
    parents: [tip],
  });
  await octokit.rest.git
    .createRef({ ...at, ref: `refs/heads/${branch}`, sha: removed.sha })
    .catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
}

/** Git's name for a text. */
function blobName(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
