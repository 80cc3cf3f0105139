/** A comment as GitHub keeps it. */
export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly login: string;
  body: string;
}

/** An issue or a pull request: they share their numbers. */
export interface StoredIssue {
  readonly number: number;
  readonly login: string;
  title: string;
  body: string;
  state: "open" | "closed";
  readonly labels: readonly string[];
  /** Of a pull request. */
  readonly head?: { readonly ref: string; readonly sha: string };
  readonly base?: { readonly ref: string };
  mergedAs?: string;
}

/** What people and programs said on a repository. */
export interface Discussions {
  readonly issues: StoredIssue[];
  readonly comments: StoredComment[];
  readonly labels: Set<string>;
}

/** A repository that nobody has said anything on. */
export function emptyDiscussions(): Discussions {
  return { issues: [], comments: [], labels: new Set() };
}

/** A comment in the shape of [REST: issue comments]. */
export function commentDocument(base: string, { id, issue, login, body }: StoredComment): unknown {
  return {
    ...{
      id,
      body,
      url: `${base}/issues/comments/${id}`,
      html_url: `${base}/pull/${issue}#issuecomment-${id}`,
    },
    user: userDocument(login),
  };
}

/** An issue in the shape of [REST: issues]; one that is a pull request says so. */
export function issueDocument(base: string, issue: StoredIssue): unknown {
  const { number, title, body, state, labels, login, head } = issue;
  return {
    ...{ number, title, body, state, url: `${base}/issues/${number}`, html_url: `${base}/issues/${number}` },
    user: userDocument(login),
    labels: labels.map((name) => ({ name })),
    ...(head === undefined ? {} : { pull_request: { url: `${base}/pulls/${number}` } }),
  };
}

/** A pull request in the shape of [REST: pulls]. */
export function pullDocument(base: string, pull: StoredIssue): unknown {
  const { number, title, body, state, login, head, base: into, mergedAs } = pull;
  return {
    ...{ number, title, body, state, url: `${base}/pulls/${number}`, html_url: `${base}/pull/${number}` },
    user: userDocument(login),
    head,
    base: into,
    merged_at: mergedAs === undefined ? null : "2026-01-01T00:00:00Z",
    merge_commit_sha: mergedAs ?? null,
  };
}

function userDocument(login: string): unknown {
  return { login, type: login.endsWith("[bot]") ? "Bot" : "User" };
}
