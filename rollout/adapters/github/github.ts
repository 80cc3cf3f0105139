import type { GitHost } from "../git-host.ts";
import { gitHubClient, type GitHubSettings } from "./client.ts";
import { commentsOfCommit, putComment } from "./comments.ts";
import { issueBook } from "./issues.ts";
import { proposeRemoval } from "./removals.ts";
import { tagCommitOf, tagNames } from "./tags.ts";

/** A repository on GitHub, or on a GitHub Enterprise Server. */
export function gitHub(settings: GitHubSettings): GitHost {
  const client = gitHubClient(settings);
  return {
    putComment: (comment) => putComment(client, comment),
    commentsOfCommit: (commit, mark) => commentsOfCommit(client, commit, mark),
    issues: () => issueBook(client),
    proposeRemoval: (removal) => proposeRemoval(client, removal),
    tags: (prefix) => tagNames(client, prefix),
    tagCommitOf: (tag) => tagCommitOf(client, tag),
  };
}
