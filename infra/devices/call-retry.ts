import {
  ConstantBackoff,
  DelegateBackoff,
  handleWhen,
  retry,
  type IRetryBackoffContext,
  type RetryPolicy,
} from "cockatiel";
import { isDenied, retryAfterMsOf, statusOf } from "./registry-failure.ts";

/** How long and how often a call is tried again. */
export interface RetryOptions {
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one, up to `mostMs`. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Patience with a hub that is limiting calls, and with a network. */
export const CALL_RETRIES: RetryOptions = { attempts: 8, firstMs: 1000, mostMs: 60_000 };

/** Try a call again that the hub or the network refused for the moment; the hub's own Retry-After goes first. */
export function retryCalls({ attempts, firstMs, mostMs }: RetryOptions): RetryPolicy {
  const backoff = new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
    const asked = "error" in result ? retryAfterMsOf(result.error) : undefined;
    // Spread, so that two sets that were refused together do not come back together.
    const own = Math.min(mostMs, firstMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 4);
    return asked ?? own;
  });
  return retry(handleWhen(isPassing), { maxAttempts: attempts, backoff });
}

/** How often more, and how far apart, a call is tried while it is not allowed yet. */
export interface RolePatience {
  readonly attempts: number;
  readonly waitMs: number;
}

/** Ten minutes for a new role to reach a hub or a provisioning service. */
export const ROLE_PATIENCE: RolePatience = { attempts: 40, waitMs: 15_000 };

/** Try again what is not allowed yet: a new role reaches a hub minutes after it was assigned. */
export function retryWhileDenied({ attempts, waitMs }: RolePatience): RetryPolicy {
  return retry(handleWhen(isDenied), { maxAttempts: attempts, backoff: new ConstantBackoff(waitMs) });
}

/** Whether a failure may pass: the hub's limit, its trouble, or no answer at all. */
function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status === 429 || status >= 500;
  if (!(error instanceof Error)) return false;
  // `fetch` says what went wrong in the cause of its error alone.
  return isOfNetwork(error) || isOfNetwork(error.cause);
}

function isOfNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "TimeoutError") return true;
  return (
    "code" in error &&
    /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_(SOCKET|.*_TIMEOUT))/.test(String(error.code))
  );
}

/** Whether a call that failed may have been done all the same. */
function isUncertain(error: unknown): boolean {
  return isPassing(error) && statusOf(error) !== 429;
}

/** Whether any attempt of a call so far failed and may have been done all the same. */
export interface Doubt {
  wasUncertain: boolean;
}

/** Make one attempt, and note when it leaves a doubt. */
export async function notingDoubt<T>(doubt: Doubt, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    doubt.wasUncertain ||= isUncertain(error);
    throw error;
  }
}
