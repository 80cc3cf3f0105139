import type { MarkedComment, Written } from "../git-host.ts";
import type { GitHubClient } from "./client.ts";
import { statusOf } from "./errors.ts";

interface Comment {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
  readonly user: { readonly login: string } | null;
}

/**
 * Post a comment or change ours: the oldest that we wrote with that mark. GitHub knows no unique comment, so two jobs may
 * both post; whoever looks next keeps the oldest and deletes the other. What others wrote is left alone, mark or not.
 */
export async function putComment(
  client: GitHubClient,
  { pullRequest, mark, body }: MarkedComment,
): Promise<Written> {
  const { octokit, at } = client;
  return client.call(`comment on pull request ${pullRequest}`, "pull-requests: write", async () => {
    const posted = await ownComments(client, pullRequest, mark);
    if (posted.length === 0) {
      const { data } = await octokit.rest.issues.createComment({ ...at, issue_number: pullRequest, body });
      const [first, ...late] = await ownComments(client, pullRequest, mark);
      if (late.length === 0 || first === undefined) return { change: "created", url: data.html_url };
      return settle(client, { kept: first, late, body });
    }
    const [kept, ...late] = posted;
    return kept === undefined ? { change: "none", url: "" } : settle(client, { kept, late, body });
  });
}

/** Our comments with a mark on the merged pull requests that brought a commit to its branch. */
export async function commentsOfCommit(
  client: GitHubClient,
  commit: string,
  mark: string,
): Promise<readonly string[]> {
  const { octokit, at } = client;
  return client.call(`read the pull request of commit ${commit}`, "pull-requests: read", async () => {
    const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({
      ...at,
      commit_sha: commit,
    });
    const merged = data.filter(({ merged_at }) => merged_at !== null);
    const comments: string[] = [];
    for (const { number } of merged)
      comments.push(...(await ownComments(client, number, mark)).map(({ body }) => body ?? ""));
    return comments;
  });
}

/** The oldest first. */
async function ownComments(
  client: GitHubClient,
  pullRequest: number,
  mark: string,
): Promise<readonly Comment[]> {
  const { octokit, at } = client;
  const login = await client.login();
  const comments: readonly Comment[] = await octokit.paginate(octokit.rest.issues.listComments, {
    ...at,
    issue_number: pullRequest,
    per_page: 100,
  });
  return comments
    .filter(({ user, body }) => user?.login === login && body?.startsWith(mark) === true)
    .toSorted((a, b) => a.id - b.id);
}

async function settle(
  { octokit, at }: GitHubClient,
  { kept, late, body }: { readonly kept: Comment; readonly late: readonly Comment[]; readonly body: string },
): Promise<Written> {
  for (const { id } of late) {
    await octokit.rest.issues.deleteComment({ ...at, comment_id: id }).catch((error: unknown) => {
      // The other job was faster.
      if (statusOf(error) !== 404) throw error;
    });
  }
  if (kept.body === body) return { change: "none", url: kept.html_url };
  await octokit.rest.issues.updateComment({ ...at, comment_id: kept.id, body });
  return { change: "updated", url: kept.html_url };
}
