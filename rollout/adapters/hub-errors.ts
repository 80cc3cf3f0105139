import { WavegateError, type Code } from "../model/problem.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What was tried, where and when, for the words of a failure. */
export interface Attempted {
  readonly what: string;
  readonly hub: string;
  /** Epoch ms, for a `Retry-After` that is a date. */
  readonly now: number;
}

/**
 * Translate a failure of Microsoft's service SDK, by HTTP status and the hub's own code, never by class or wording
 * [facts 4.2].
 */
export function hubError(error: unknown, { what, hub, now }: Attempted): WavegateError {
  if (error instanceof WavegateError) return error;
  const facts = factsOf(error);
  const { code, text, hint } = classify(facts);
  const service = facts.serviceCode === "" ? "" : ` (${facts.serviceCode})`;
  return new WavegateError(code, `${what} on ${hub}: ${text}${service}`, {
    hint,
    cause: error,
    retryAfterMs: retryAfterMs(facts.headers, now),
  });
}

interface Meaning {
  readonly code: Code;
  readonly text: string;
  readonly hint: string;
}

function classify(facts: Facts): Meaning {
  const { status, serviceCode, detail } = facts;
  const byName = BY_SERVICE_CODE[serviceCode];
  if (byName !== undefined) return byName;
  switch (status) {
    case undefined:
      return withoutAnswer(facts);
    case 400:
    case 405:
    case 413:
    case 415:
      return {
        code: "HUB_REJECTED",
        text: detail,
        hint: "this is a fault of wavegate or a limit of the hub: docs/architecture.md",
      };
    case 401:
      return {
        code: "HUB_UNAUTHORIZED",
        text: "the hub does not accept the credentials",
        hint: "check the policy key or the sign-in in the settings",
      };
    case 403:
      return {
        code: "HUB_UNAUTHORIZED",
        text: detail,
        hint: "the identity lacks a permission: docs/azure.md lists those it needs",
      };
    case 404:
      return { code: "HUB_NOT_FOUND", text: "it does not exist", hint: "run: wavegate status" };
    case 409:
    case 412:
      return {
        code: "HUB_CONFLICT",
        text: "somebody else was first",
        hint: "run the command again: it looks anew",
      };
    case 429:
      return {
        code: "HUB_THROTTLED",
        text: "the hub is limiting our calls",
        hint: "wait a minute, or add units to the hub",
      };
    default:
      // 408, 500, 502, 503, 504 and what nobody has seen yet.
      return { code: "HUB_FAILED", text: `HTTP ${status}: ${detail}`, hint: "run the command again" };
  }
}

/** Where the hub's own code says more than the status, which the front end of a hub also answers with. */
const BY_SERVICE_CODE: Readonly<Record<string, Meaning>> = {
  IotHubQuotaExceeded: {
    code: "HUB_QUOTA",
    text: "today's messages are used up",
    hint: "wait until midnight UTC, or add units to the hub",
  },
  JobQuotaExceeded: {
    code: "HUB_THROTTLED",
    text: "another import or export is running, and a hub takes one at a time",
    hint: "wait until it has ended, then run the command again",
  },
  IotHubNotFound: {
    code: "HUB_UNAUTHORIZED",
    text: "there is no hub of that name",
    hint: "check the host name in the settings",
  },
  IotHubSuspended: {
    code: "HUB_UNAUTHORIZED",
    text: "the hub is suspended",
    hint: "see the hub and its subscription in the Azure portal",
  },
  ConfigurationCountLimitExceeded: {
    code: "HUB_REJECTED",
    text: "the hub holds as many configurations as it may: 100, on the free tier 10",
    hint: "delete configurations that nothing needs: az iot hub configuration list",
  },
};

/** No HTTP answer: the network, the certificate or the sign-in. */
function withoutAnswer({ name, detail, isUnreadable }: Facts): Meaning {
  if (isUnreadable) {
    return {
      code: "HUB_FAILED",
      text: "the answer is no JSON",
      hint: "is there a proxy between? run the command again",
    };
  }
  // The classes of @azure/identity, which is loaded only where it is used.
  if (/^(?:Aggregate)?Authentication(?:Required)?Error$|^CredentialUnavailableError$/u.test(name)) {
    return {
      code: "HUB_UNAUTHORIZED",
      text: detail,
      hint: "sign in again, or correct `credential` in the settings",
    };
  }
  return {
    code: "HUB_UNREACHABLE",
    text: detail,
    hint: "check the host name in the settings and the network, then run the command again",
  };
}

interface Facts {
  readonly status: number | undefined;
  readonly serviceCode: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The error's class. */
  readonly name: string;
  readonly detail: string;
  /** An answer came that cannot be read. */
  readonly isUnreadable: boolean;
}

function factsOf(error: unknown): Facts {
  const nothing = { status: undefined, serviceCode: "", headers: {}, name: "", isUnreadable: false };
  if (!(error instanceof Error)) return { ...nothing, detail: String(error) };
  // The SDK hangs the HTTP response and its body on its errors; neither is in its types.
  const { response, responseBody } = error as Error & { response?: unknown; responseBody?: unknown };
  const { statusCode, headers = {} } = (
    typeof response === "object" && response !== null ? response : {}
  ) as {
    statusCode?: unknown;
    headers?: Record<string, unknown>;
  };
  const header = headers["iothub-errorcode"];
  // Node's AggregateError of a refused connection has an empty message.
  const detail =
    error.message !== "" ? error.message : ((error as Error & { code?: string }).code ?? error.name);
  return {
    status: typeof statusCode === "number" ? statusCode : undefined,
    serviceCode: typeof header === "string" ? header : codeInBody(responseBody),
    headers,
    name: error.name,
    detail,
    isUnreadable: error instanceof SyntaxError,
  };
}

/** Numbers of the service's codes [C# ErrorCode.cs] that BY_SERVICE_CODE knows by name. */
const CODE_NUMBERS: Readonly<Record<string, string>> = {
  401001: "IotHubNotFound",
  403001: "IotHubSuspended",
  403002: "IotHubQuotaExceeded",
};

/** `ErrorCode:<Name>;...`, or JSON inside of `Message` with the number of the code [facts 2.7, 4.2]. */
function codeInBody(body: unknown): string {
  if (typeof body !== "string") return "";
  const name = /ErrorCode:([A-Za-z]+)/u.exec(body)?.[1];
  if (name !== undefined) return name;
  const number = /errorCode\\?":\s*(\d{6})/u.exec(body)?.[1] ?? "";
  return CODE_NUMBERS[number] ?? "";
}
