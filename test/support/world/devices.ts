import type { DeviceStore } from "../../../local/hub/device-store.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";

/** How one simulated device answers a request. */
export type Behaviour = (request: {
  readonly deviceId: string;
  readonly version: string;
  readonly stratum: string;
}) => "ok" | "failed" | "silent";

/** A device of the world. */
export interface WorldDevice {
  readonly deviceId: string;
  readonly stratum?: string;
  readonly ring?: string;
}

/** Register devices that were born with a version and are seen now. */
export function registerDevices(
  devices: DeviceStore,
  born: { readonly devices: readonly WorldDevice[]; readonly version: string },
): void {
  for (const { deviceId, stratum, ring } of born.devices) {
    const rollout: JsonObject = {
      ...(stratum === undefined ? {} : { stratum }),
      ...(ring === undefined ? {} : { ring }),
    };
    devices.register({ deviceId, tags: { product: "thermostat", rollout } });
    devices.touch(deviceId);
    devices.mergeReported(deviceId, {
      firmware: {
        currentFwVersion: born.version,
        pendingFwVersion: "",
        rolloutId: "",
        outcome: "",
        bucket: bucketOf(deviceId),
      },
    });
  }
}

/** Devices that do what they are asked: contact is latched, and an outcome never changes. */
export function answeringDevices(
  devices: DeviceStore,
  now: () => number,
): (deviceId: string, behave: Behaviour) => void {
  const latched = new Map<string, { outcome: string; contactedAt: number }>();
  return (deviceId, behave) => {
    const device = devices.get(deviceId);
    const desired = (device.desired.value["firmware"] ?? undefined) as
      { fwVersion?: string; rolloutId?: string } | undefined;
    const reported = (device.reported.value["firmware"] ?? {}) as {
      currentFwVersion?: string;
      rolloutId?: string;
      outcome?: string;
    };
    const { fwVersion: version, rolloutId } = desired ?? {};
    if (version === undefined || rolloutId === undefined) return;
    if (reported.rolloutId === rolloutId && reported.outcome !== "contacted") return;
    const key = `${deviceId} ${rolloutId}`;
    const before = latched.get(key);
    const already = before === undefined && reported.currentFwVersion === version;
    const stratum = ((device.tags?.["rollout"] as { stratum?: string } | undefined) ?? {}).stratum ?? "other";
    const outcome =
      before?.outcome ??
      (already
        ? "ok-already"
        : { ok: "ok", failed: "failed", silent: "contacted" }[behave({ deviceId, version, stratum })]);
    const latch = before ?? { outcome, contactedAt: Math.floor(now() / 1_000) };
    latched.set(key, latch);
    devices.touch(deviceId);
    const runs = outcome === "ok" || outcome === "ok-already" ? version : reported.currentFwVersion;
    devices.mergeReported(deviceId, {
      firmware: {
        rolloutId,
        outcome,
        contactedAt: latch.contactedAt,
        currentFwVersion: runs ?? "",
        pendingFwVersion: outcome === "contacted" ? version : "",
      },
    });
  };
}
