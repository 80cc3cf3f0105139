import type { IssueBook, MarkedIssue, Written } from "../git-host.ts";
import type { GitHubClient } from "./client.ts";
import { isThere } from "./errors.ts";

/** Label of our issues: what they are listed by. */
const LABEL = "wavegate";

interface Issue {
  readonly number: number;
  readonly html_url: string;
  readonly body?: string | null | undefined;
  readonly user: { readonly login: string } | null;
  readonly state: string;
}

/**
 * Our issues. GitHub knows no unique issue, so two jobs may both open one; whoever looks next keeps the oldest and closes
 * the other as a duplicate.
 */
export async function issueBook(client: GitHubClient): Promise<IssueBook> {
  const before = await ownIssues(client);
  return { put: (issue) => putIssue(client, issue, before) };
}

function putIssue(
  client: GitHubClient,
  issue: MarkedIssue,
  before: readonly Issue[],
): Promise<Written | undefined> {
  const { octokit, at } = client;
  return client.call(`write the issue about ${issue.subject}`, "issues: write", async () => {
    const body = `${markOf(issue.subject, issue.version)}\n${issue.body}`;
    const found = before.filter(isAbout(issue.subject));
    if (found.length > 0) return bringUpToDate(client, { issue, body, found });
    if (!issue.open) return undefined;
    // Without the label it would never be found again: GitHub drops it where the token may not set one.
    await octokit.rest.issues.createLabel({ ...at, name: LABEL, color: "0b6e99" }).catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
    const { data } = await octokit.rest.issues.create({ ...at, title: issue.title, body, labels: [LABEL] });
    const now = (await ownIssues(client)).filter(isAbout(issue.subject));
    if (now.length > 1) await bringUpToDate(client, { issue, body, found: now });
    return { change: "created", url: now[0]?.html_url ?? data.html_url };
  });
}

async function bringUpToDate(
  { octokit, at }: GitHubClient,
  input: { readonly issue: MarkedIssue; readonly body: string; readonly found: readonly Issue[] },
): Promise<Written | undefined> {
  const { issue, body, found } = input;
  const [kept, ...late] = found;
  if (kept === undefined) return undefined;
  for (const { number, state } of late) {
    if (state === "closed") continue;
    await octokit.rest.issues.update({
      ...{ ...at, issue_number: number, state: "closed", state_reason: "not_planned" },
      body: `Duplicate of #${kept.number}`,
    });
  }
  if (kept.body?.startsWith(markOf(issue.subject, issue.version)) === true) return undefined;
  const state = issue.open ? "open" : "closed";
  await octokit.rest.issues.update({ ...at, issue_number: kept.number, title: issue.title, body, state });
  return { change: "updated", url: kept.html_url };
}

/** The oldest first. Only those that we opened: anybody may write our mark. */
async function ownIssues(client: GitHubClient): Promise<readonly Issue[]> {
  const { octokit, at } = client;
  const login = await client.login();
  return client.call("list the issues", "issues: read", async () => {
    const all = await octokit.paginate(octokit.rest.issues.listForRepo, {
      ...at,
      labels: LABEL,
      state: "all",
      per_page: 100,
    });
    return all
      .filter(({ user, pull_request }) => pull_request === undefined && user?.login === login)
      .toSorted((a, b) => a.number - b.number);
  });
}

function markOf(subject: string, version: string): string {
  return `<!-- wavegate ${subject} ${version} -->`;
}

function isAbout(subject: string): (issue: Issue) => boolean {
  return ({ body }) => body?.startsWith(`<!-- wavegate ${subject} `) === true;
}
