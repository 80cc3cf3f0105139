import type { DeviceStore } from "../device-store.ts";
import { twinEtag } from "../device-documents.ts";
import type { JsonObject, JsonValue } from "../json-value.ts";
import { preconditionFailed, serviceErrorFrom } from "../service-error.ts";
import type { DailyQuota } from "../quota.ts";
import { parseTwinWrite } from "../twin-body.ts";
import type { DeviceStep } from "./job-store.ts";
import type { JobWork } from "./job.ts";

/** Calls a direct method of a device; rejects as the service API would refuse the call. */
export type InvokeMethod = (
  key: string,
  request: JsonObject,
) => Promise<{ readonly status: number; readonly payload: JsonValue }>;

/** Do a job's work on one device; never rejects. Of an update that was cut off, nothing is half done. */
export async function workOn(
  deviceId: string,
  { work, devices, quota, invokeMethod }: JobContext & { readonly work: JobWork },
): Promise<DeviceStep> {
  try {
    switch (work.type) {
      case "scheduleUpdateTwin":
        updateTwin(deviceId, { body: work.updateTwin, devices, quota });
        return { status: "completed" };
      case "scheduleDeviceMethod":
        // Whatever the device answered, it did answer [G].
        return { status: "completed", response: await invokeMethod(deviceId, work.cloudToDeviceMethod) };
    }
  } catch (error) {
    const { code, message } = serviceErrorFrom(error);
    return { status: "failed", error: { code, description: message } };
  }
}

/** What the work of jobs is done with. */
export interface JobContext {
  readonly devices: DeviceStore;
  readonly quota: DailyQuota;
  readonly invokeMethod: InvokeMethod;
}

/** A twin update by a job counts against the daily quota as one by a caller does. */
function updateTwin(
  deviceId: string,
  { body, devices, quota }: { readonly body: JsonObject } & Pick<JobContext, "devices" | "quota">,
): void {
  quota.check();
  const { etag } = body;
  const isMatch =
    typeof etag !== "string" || etag === "" || etag === "*" || etag === twinEtag(devices.get(deviceId));
  if (!isMatch) throw preconditionFailed(`the twin of ${deviceId}`);
  devices.mergeTwin(deviceId, parseTwinWrite(body));
  quota.charge(Buffer.byteLength(JSON.stringify(body)));
}
