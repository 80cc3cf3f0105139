import type { AnswerStatus, CallClass, DeviceOperation } from "./call-counts.ts";

/** What every entry has. */
interface Entry {
  /** The instant on the hub's clock, ISO 8601. */
  readonly at: string;
  /** The device, as the caller named it, at most 128 characters. */
  readonly deviceId?: string;
  /** The tracking id that the body of the error carries; only with a refusal. */
  readonly trackingId?: string;
  /** The name of the error; only with a refusal. */
  readonly code?: string;
}

/** One line of the hub's log. It never holds a token, a key, a payload or the text of an error, which may quote one. */
export type HubLogEntry =
  /** A request to the service API was answered. */
  | (Entry & {
      readonly event: "request";
      readonly method: string;
      /** The route as the hub writes it, such as `/twins/:id`; absent when none matched. */
      readonly route?: string;
      readonly call: CallClass;
      readonly status: AnswerStatus;
      /** From the request to its answer, in milliseconds of real time. */
      readonly ms: number;
    })
  /** An operation of a connected device was answered. */
  | (Entry & {
      readonly event: "device operation";
      readonly operation: DeviceOperation;
      readonly status: AnswerStatus;
      readonly ms: number;
    })
  /** A device came, was refused or went. */
  | (Entry & {
      readonly event: "connection";
      readonly outcome: "accepted" | "refused" | "closed";
      /** Of a refusal. */
      readonly reason?: "credentials" | "throttled" | "fault";
    })
  /** Something that the hub does by itself failed, as on a full disk; `code` is the system's, where it has one. */
  | (Entry & {
      readonly event: "trouble";
      readonly what: "evaluation" | "picture" | "job" | "mail";
    });

/** Tells a log that something failed which nobody asked for. */
export function troubleIn(
  log: HubLog,
  what: Extract<HubLogEntry, { event: "trouble" }>["what"],
): (error: unknown) => void {
  return (error) => {
    const code =
      error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
    log({ event: "trouble", what, ...(code === "" ? {} : { code }) });
  };
}

/** An entry without its instant. */
type Untimed<Value> = Value extends unknown ? Omit<Value, "at"> : never;

/** Write an entry; does nothing when nobody listens. */
export type HubLog = (entry: Untimed<HubLogEntry>) => void;

/** A log on the hub's clock. */
export function createHubLog(
  write: ((entry: HubLogEntry) => void) | undefined,
  clock: { readonly now: () => number },
): HubLog {
  if (write === undefined) return () => undefined;
  return (entry) => {
    const { deviceId } = entry;
    try {
      write({
        at: new Date(clock.now()).toISOString(),
        ...entry,
        ...(deviceId === undefined ? {} : { deviceId: deviceId.slice(0, 128) }),
      });
    } catch {
      // A writer that fails must not take a request with it.
    }
  };
}
