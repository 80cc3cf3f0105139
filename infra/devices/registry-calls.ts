import { setTimeout as wait } from "node:timers/promises";
import { retryCalls, type RetryOptions } from "./call-retry.ts";

/** The same client, whose calls fail when no answer came in time: the SDK itself waits for ever. */
export function withDeadline<Client extends object>(client: Client, mostMs: number): Client {
  return withCalls(client, async (call) => {
    const ended = new AbortController();
    const late = wait(mostMs, undefined, { signal: ended.signal }).then(() => {
      throw new DOMException(`no answer within ${mostMs / 1000} s`, "TimeoutError");
    });
    // Ended in order, it is nobody's failure.
    late.catch(() => undefined);
    try {
      return await Promise.race([call(), late]);
    } finally {
      ended.abort();
    }
  });
}

/**
 * The same client, whose calls are tried again when the failure may pass. For calls that can be done twice: whoever
 * creates must be told of the doubt, and tries again by itself.
 */
export function withRetries<Client extends object>(client: Client, retries: RetryOptions): Client {
  return withCalls(client, (call) => retryCalls(retries).execute(call));
}

/** The same client with something around each call that gives a promise. */
function withCalls<Client extends object>(
  client: Client,
  around: (call: () => Promise<unknown>) => Promise<unknown>,
): Client {
  return new Proxy(client, {
    get: (target, name): unknown => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) =>
        around(() => Promise.resolve(Reflect.apply(value, target, args) as unknown));
    },
  });
}
