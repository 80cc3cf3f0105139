import type { DeviceStore } from "./device-store.ts";
import type { JsonObject } from "./json-value.ts";
import type { DailyQuota } from "./quota.ts";

/**
 * A device store for evaluations: what configurations write into a twin counts against the daily quota, by the size of
 * the patch [facts 1.7, D]. An exhausted quota does not hold them up [G].
 */
export function meteredConfigurations(devices: DeviceStore, quota: Pick<DailyQuota, "charge">): DeviceStore {
  return {
    ...devices,
    layer: (changes) => {
      devices.layer(changes);
      // Devices alike share one patch, and there may be many of them.
      const bytes = new Map<JsonObject, number>();
      for (const { desired } of changes) {
        if (desired === undefined) continue;
        const size = bytes.get(desired.patch) ?? Buffer.byteLength(JSON.stringify(desired.patch));
        bytes.set(desired.patch, size);
        quota.charge(size);
      }
    },
  };
}
