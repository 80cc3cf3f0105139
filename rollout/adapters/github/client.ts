import { Octokit } from "@octokit/rest";
import { DelegateBackoff, handleWhen, retry, type IRetryBackoffContext } from "cockatiel";
import type { Secret } from "../../model/secret.ts";
import { githubError, isThrottled, retryWaitMs, statusOf } from "./errors.ts";

/** How to reach one repository on GitHub. */
export interface GitHubSettings {
  /** Address of the API: `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: Secret;
  /** Ends calls and the waits between them. */
  readonly signal?: AbortSignal;
}

/** The repository with its API. */
export interface GitHubClient {
  readonly octokit: Octokit;
  readonly at: { readonly owner: string; readonly repo: string };
  /** Who the token is: the login that what it writes bears. */
  login(): Promise<string>;
  /** Run calls; what goes wrong says what was done, and the permission that it takes. */
  call<T>(what: string, permission: string, run: () => Promise<T>): Promise<T>;
}

const TRIES = 4;
/** Longest wait for a limit to pass: the next run goes on where this one ended. */
const LONGEST_WAIT_MS = 60_000;

/** Open a repository. No call is made. */
export function gitHubClient({ apiUrl, repository, token, signal }: GitHubSettings): GitHubClient {
  const [owner = "", repo = ""] = repository.split("/");
  const octokit = new Octokit({
    auth: token.reveal(),
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "wavegate",
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    request: signal === undefined ? {} : { signal },
  });
  const backoff = new DelegateBackoff(({ attempt, result }: IRetryBackoffContext<unknown>) =>
    retryWaitMs("error" in result ? result.error : undefined, attempt),
  );
  octokit.hook.wrap("request", (send, options) => {
    // What creates is sent again only where it surely had no effect; all else says what shall be, not what shall be added.
    const isCreation = options.method === "POST" && !options.url.endsWith("/graphql");
    const policy = retry(
      handleWhen(
        (error) =>
          signal?.aborted !== true &&
          retryWaitMs(error, 1) <= LONGEST_WAIT_MS &&
          (isThrottled(error) || (!isCreation && (statusOf(error) ?? 500) >= 500)),
      ),
      { maxAttempts: TRIES - 1, backoff },
    );
    return policy.execute(() => Promise.resolve(send(options)), signal);
  });
  let login: Promise<string> | undefined;
  const client: GitHubClient = {
    octokit,
    at: { owner, repo },
    // The token of a workflow may not ask for its user by REST, and may by GraphQL.
    login: () =>
      (login ??= client.call("ask who the token is", "metadata: read", async () => {
        const answer = await octokit.graphql<{ viewer: { login: string } }>("query { viewer { login } }");
        return answer.viewer.login;
      })),
    call: async (what, permission, run) => {
      try {
        return await run();
      } catch (error) {
        throw githubError(error, { what, permission, repository });
      }
    },
  };
  return client;
}

function quiet(): void {
  // What matters is thrown.
}
