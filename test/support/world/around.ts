import { ServiceError } from "../../../local/hub/service-error.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";

/** Makes a call of a port: what happens to calls happens around it. */
export type Around = <T>(call: string, run: () => T) => Promise<T>;

/** What happens before and after each call: throw to crash there, wait to let others go first. */
export type Fault = (at: {
  readonly when: "before" | "after";
  readonly call: string;
}) => void | Promise<void>;

const CODE: Readonly<Record<number, WavegateError["code"]>> = {
  400: "HUB_REJECTED",
  404: "HUB_NOT_FOUND",
  409: "HUB_CONFLICT",
  412: "HUB_CONFLICT",
};

/** Calls with a fault around them, whichever it is at the time; what the hub refuses is told as an adapter tells it. */
export function aroundCalls(fault: () => Fault): Around {
  return async (call, run) => {
    await fault()({ when: "before", call });
    let value: ReturnType<typeof run>;
    try {
      value = run();
    } catch (error) {
      throw error instanceof ServiceError
        ? new WavegateError(CODE[error.status] ?? "HUB_FAILED", error.message, { hint: "" })
        : error;
    }
    await fault()({ when: "after", call });
    return value;
  };
}
