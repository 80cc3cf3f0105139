import { WavegateError } from "../../model/problem.ts";
import { retryAfterMs } from "../retry-after.ts";

const BACKOFF = { firstMs: 250, mostMs: 8_000 } as const;

/** An error of Octokit's, as far as it is read here; without a response nobody answered. */
interface CallError extends Error {
  readonly status: number;
  readonly response?: { readonly headers: Readonly<Record<string, unknown>> };
}

/** Status of a call that was answered; undefined for one that was not. */
export function statusOf(error: unknown): number | undefined {
  return isCallError(error) && error.response !== undefined ? error.status : undefined;
}

/** True for a call that GitHub refused because of too many [REST: rate limits]: 429, or 403 with the limit used up. */
export function isThrottled(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 429) return true;
  const headers = headersOf(error);
  return status === 403 && (headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0");
}

/** How long to wait before the next try, in ms: as GitHub asks, else doubling with jitter. */
export function retryWaitMs(error: unknown, attempt: number): number {
  const headers = headersOf(error);
  const asked = retryAfterMs(headers, Date.now());
  if (asked !== undefined) return asked;
  const reset = Number(headers["x-ratelimit-reset"]);
  if (isThrottled(error) && reset > 0) return Math.max(0, reset * 1_000 - Date.now());
  const longest = Math.min(BACKOFF.mostMs, BACKOFF.firstMs * 2 ** attempt);
  return longest / 2 + Math.random() * (longest / 2);
}

/** True when GitHub says that what should be made is there already. */
export function isThere(error: unknown): boolean {
  return statusOf(error) === 422 && /already[ _]exists/i.test(messageOf(error));
}

/** A failed call in our words: what was to be done, what the token lacks, and what to do next. */
export function githubError(
  error: unknown,
  { what, permission, repository }: { what: string; permission: string; repository: string },
): unknown {
  if (error instanceof WavegateError || !(error instanceof Error)) return error;
  if (error.name === "AbortError")
    return new WavegateError("INTERRUPTED", "interrupted", { hint: "run the command again", cause: error });
  const failed = `${what} of ${repository}`;
  const status = statusOf(error);
  const said = messageOf(error);
  if (isThrottled(error))
    return new WavegateError("GIT_HOST_FAILED", `${failed}: GitHub limits our calls`, {
      hint: "run it later: it goes on where this run ended",
      cause: error,
    });
  if (status === 401)
    return new WavegateError("GIT_HOST_REFUSED", `${failed}: GitHub does not accept the token`, {
      hint: "set GITHUB_TOKEN; in a workflow: env: { GITHUB_TOKEN: ${{ github.token }} }",
      cause: error,
    });
  if (status === 403 && /not permitted to create or approve pull requests/i.test(said))
    return new WavegateError("GIT_HOST_REFUSED", `${failed}: ${said}`, {
      hint: "allow it: Settings > Actions > General > Allow GitHub Actions to create and approve pull requests",
      cause: error,
    });
  if (status === 403 || status === 404)
    return new WavegateError("GIT_HOST_REFUSED", `${failed}: ${said} (${status})`, {
      hint: `give the token the permission "${permission}", or correct GITHUB_REPOSITORY`,
      cause: error,
    });
  const why = status === undefined ? "GitHub cannot be reached" : `${said} (${status})`;
  return new WavegateError("GIT_HOST_FAILED", `${failed}: ${why}`, {
    hint: status === undefined ? "check GITHUB_API_URL and the network, and run it again" : "run it again",
    cause: error,
  });
}

/** One line of what GitHub said: of a refused document all that is wrong with it. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, 300) : "";
}

function headersOf(error: unknown): Readonly<Record<string, unknown>> {
  return isCallError(error) ? { ...error.response?.headers } : {};
}

function isCallError(error: unknown): error is CallError {
  return error instanceof Error && "status" in error && typeof error.status === "number";
}
