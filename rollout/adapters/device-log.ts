import { z } from "zod";
import { WavegateError } from "../model/problem.ts";
import { LOG_METHOD } from "../model/twin-contract.ts";
import type { Registry } from "./registry.ts";
import { singleCall } from "./single-call.ts";

/** What a device told of itself. */
export interface DeviceLog {
  /** The newest last. */
  readonly lines: readonly string[];
  /** Older lines that the device has, or had, and did not tell. */
  readonly dropped: number;
}

const WAIT_SECONDS = 10;

const answerSchema = z.object({
  status: z.int(),
  payload: z.unknown(),
});
const logSchema = z.object({ lines: z.array(z.string()), dropped: z.int().nonnegative().default(0) });

/** Ask a device for its last lines, through Microsoft's service SDK. */
export async function deviceLog(
  { registry, hub }: { readonly registry: Registry; readonly hub: string },
  { deviceId, lines }: { readonly deviceId: string; readonly lines: number },
): Promise<DeviceLog> {
  const call = { name: LOG_METHOD, payload: { lines }, waitSeconds: WAIT_SECONDS };
  const what = `ask ${JSON.stringify(deviceId)} for its log`;
  const answer = answerSchema.safeParse(
    await singleCall(() => registry.invokeMethod(deviceId, call), { what, hub }),
  );
  const log =
    answer.success && answer.data.status === 200 ? logSchema.safeParse(answer.data.payload) : undefined;
  if (log?.success === true) return log.data;
  const status = answer.success ? ` (status ${answer.data.status})` : "";
  throw new WavegateError(
    "DEVICE_ANSWER",
    `${JSON.stringify(deviceId)} answered ${LOG_METHOD} with something that is no log${status}`,
    { hint: "docs/device.md says what its agent should answer" },
  );
}
