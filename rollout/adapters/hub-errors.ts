import { WavegateError, type Code } from "../model/problem.ts";

/** Translate a failure of Microsoft's service SDK, by HTTP status and the hub's own code, never by class or wording. */
export function hubError(error: unknown, what: string, hub: string): WavegateError {
  if (error instanceof WavegateError) return error;
  const { status, serviceCode, detail } = factsOf(error);
  const answer = (code: Code, message: string, hint: string): WavegateError =>
    new WavegateError(code, `${what} on ${hub}: ${message}${serviceCode === "" ? "" : ` (${serviceCode})`}`, {
      hint,
      cause: error,
    });
  if (status === undefined) {
    return answer(
      "HUB_UNREACHABLE",
      detail,
      "check the host name in the settings and the network, then run the command again",
    );
  }
  if (serviceCode === "JobQuotaExceeded") {
    return answer(
      "HUB_THROTTLED",
      "another import or export is running, and a hub takes one at a time",
      "wait until it has ended, then run the command again",
    );
  }
  if (serviceCode === "IotHubQuotaExceeded" || status === 403) {
    return serviceCode === "IotHubQuotaExceeded"
      ? answer(
          "HUB_QUOTA",
          "today's messages are used up",
          "wait until midnight UTC, or add units to the hub",
        )
      : answer(
          "HUB_UNAUTHORIZED",
          detail,
          "the identity lacks a permission: docs/azure.md lists those it needs",
        );
  }
  switch (status) {
    case 401:
      return answer(
        "HUB_UNAUTHORIZED",
        "the hub does not accept the credentials",
        "check the policy key or the sign-in in the settings",
      );
    case 404:
      return answer("HUB_NOT_FOUND", "it does not exist", "run: wavegate status");
    case 409:
    case 412:
      return answer("HUB_CONFLICT", "somebody else was first", "run the command again: it looks anew");
    case 429:
      return answer(
        "HUB_THROTTLED",
        "the hub is limiting our calls",
        "wait a minute, or add units to the hub",
      );
    case 400:
    case 413:
      return answer(
        "HUB_REJECTED",
        detail,
        "this is a fault of wavegate or a limit of the hub: docs/architecture.md",
      );
    default:
      return answer("HUB_FAILED", `HTTP ${status}: ${detail}`, "run the command again");
  }
}

interface Facts {
  readonly status: number | undefined;
  readonly serviceCode: string;
  readonly detail: string;
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { status: undefined, serviceCode: "", detail: String(error) };
  // The SDK hangs the HTTP response and its body on its errors; neither is in its types.
  const { response, responseBody } = error as Error & { response?: unknown; responseBody?: unknown };
  const { statusCode, headers } = (typeof response === "object" && response !== null ? response : {}) as {
    statusCode?: unknown;
    headers?: Record<string, unknown>;
  };
  const header = headers?.["iothub-errorcode"];
  const body = typeof responseBody === "string" ? responseBody : "";
  const serviceCode = typeof header === "string" ? header : (/ErrorCode:([A-Za-z]+)/.exec(body)?.[1] ?? "");
  // Node's AggregateError of a refused connection has an empty message.
  const detail =
    error.message !== "" ? error.message : ((error as Error & { code?: string }).code ?? error.name);
  return { status: typeof statusCode === "number" ? statusCode : undefined, serviceCode, detail };
}
