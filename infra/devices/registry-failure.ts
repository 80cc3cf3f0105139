/** Something about a device or a group that the stack has to decide; its message says what to do. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** HTTP status of an answer that the service SDK turned into an error; absent when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("response" in error)) return undefined;
  const { response } = error;
  if (typeof response !== "object" || response === null || !("statusCode" in response)) return undefined;
  return typeof response.statusCode === "number" ? response.statusCode : undefined;
}

/** Whether the hub does not, or not yet, allow the call: a new role reaches it minutes after it was assigned. */
export function isDenied(error: unknown): boolean {
  const status = statusOf(error);
  return status === 401 || status === 403;
}

/** For a deletion that failed: what is not there any more is deleted. */
export function unlessGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

/** Run an operation; what fails is told to whoever runs Pulumi: what, which, and what to do. */
export async function explained<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw registryFailure(error, what);
  }
}

/** A failure in those words. */
export function registryFailure(error: unknown, what: string): Error {
  const detail = error instanceof Error && error.message !== "" ? error.message : String(error);
  if (error instanceof Refusal) return new Error(`cannot ${what}: ${detail}`, { cause: error });
  const status = statusOf(error);
  const answer = status === undefined ? detail : `HTTP ${status}: ${detail}`;
  return new Error(`cannot ${what}: ${answer}; ${nextStep(status)}`, { cause: error });
}

function nextStep(status: number | undefined): string {
  switch (status) {
    case 401:
    case 403:
      return "sign in as the stack's operator (docs/azure.md), or wait until its role has reached the hub, and run Pulumi again";
    case 429:
      return "the hub is limiting calls: wait a minute and run Pulumi again";
    case undefined:
      return "check the network and the sign-in (az login), and run Pulumi again";
    default:
      return "run pulumi refresh and try again";
  }
}

/** The body of an answer that the service SDK turned into an error, if it is JSON. */
export function bodyOf(error: unknown): unknown {
  if (!(error instanceof Error) || !("responseBody" in error)) return undefined;
  const { responseBody } = error;
  if (typeof responseBody !== "string") return responseBody;
  try {
    return JSON.parse(responseBody) as unknown;
  } catch {
    return undefined; // a gateway's page
  }
}

/** How long the hub asked to wait [RFC 9110, 10.2.3: Retry-After in seconds]; absent when it did not. */
export function retryAfterMsOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("response" in error)) return undefined;
  const { response } = error;
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== "object" || headers === null) return undefined;
  const seconds = Number(Reflect.get(headers, "retry-after") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** What was thrown, as an error. */
export function errorFrom(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
