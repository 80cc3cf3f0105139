import type { AuthenticateError } from "aedes";
import type { Throttle } from "../throttle.ts";
import { perform, type OperationContext } from "./operation.ts";

/** A device that has shown its credentials. */
export interface Newcomer {
  readonly id: string;
  readonly conn: { readonly destroy: () => unknown };
}

/** CONNACK 3, server unavailable [MQTT-3.2.2-3]. */
const UNAVAILABLE = 3;

/**
 * Let a device in, refuse it as unavailable when there are too many new connections, or leave it without an answer;
 * the SDK tries again by itself after a CONNACK 3 [facts 5.1, G].
 */
export async function admit(
  newcomer: Newcomer,
  context: OperationContext & { readonly throttle: Throttle },
  done: (error: AuthenticateError | null, isAdmitted: boolean | null) => void,
): Promise<void> {
  const deviceId = newcomer.id;
  const operation = { deviceId, operation: "connections", status: 200 } as const;
  const outcome = await perform(context, operation, () => context.throttle("connections"));
  if (outcome.kind === "done") {
    done(null, true);
    return;
  }
  const refused = { event: "connection", deviceId, outcome: "refused" } as const;
  if (outcome.kind === "unanswered") {
    context.log({ ...refused, reason: "fault" });
    newcomer.conn.destroy();
    return;
  }
  const { error, trackingId } = outcome;
  const reason = error.status === 429 ? "throttled" : "fault";
  context.log({ ...refused, reason, code: error.code, trackingId });
  done(Object.assign(new Error(error.message), { returnCode: UNAVAILABLE } as const), null);
}

/** Count and log a device whose credentials are wrong; why is not told to a stranger. */
export function noteStranger({ counts, log }: OperationContext, deviceId: string): void {
  counts.countDeviceAnswer("connections", 401);
  log({ event: "connection", deviceId, outcome: "refused", reason: "credentials" });
}
