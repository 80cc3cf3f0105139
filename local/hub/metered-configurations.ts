import type { DeviceStore } from "./device-store.ts";
import type { DailyQuota } from "./quota.ts";

/**
 * A device store for evaluations: what configurations write into a twin counts against the daily quota, by the size of
 * the patch [facts 1.7, D]. An exhausted quota does not hold them up [G].
 */
export function meteredConfigurations(devices: DeviceStore, quota: Pick<DailyQuota, "charge">): DeviceStore {
  return {
    ...devices,
    layer: (deviceId, layering, patch) => {
      devices.layer(deviceId, layering, patch);
      if (patch !== undefined) quota.charge(Buffer.byteLength(JSON.stringify(patch)));
    },
  };
}
