import { bucketOf } from "../../../rollout/model/bucket.ts";
import type { Device } from "../../../local/hub/device.ts";

/** What one device reports, and what it remembers of each attempt. Never changed in place, so that a world can fork. */
export interface DeviceState {
  readonly deviceId: string;
  readonly version: string;
  readonly rolloutId: string;
  readonly outcome: string;
  /** Epoch seconds. */
  readonly contactedAt: number;
  readonly pending: string;
  /** Epoch ms. */
  readonly activeAt: number;
  readonly latches: Readonly<Record<string, { readonly outcome: string; readonly contactedAt: number }>>;
}

/** How a version behaves on every device. `late`: well at first, failed two days after. */
export type Defect = "good" | "bad" | "silent" | "late";

const LATE_S = 2 * 86_400;

/** Tags of the device with this number: two strata, the first six of A in the canary ring. */
export function tagsOf(index: number): Device["tags"] {
  const stratum = index % 2 === 0 ? "A" : "B";
  return {
    product: "thermostat",
    rollout: { stratum, ...(stratum === "A" && index < 12 ? { ring: "canary" } : {}) },
  };
}

/** A device as it was born: on 1.0.0, put there by nobody. */
export function bornDevice(hub: number, index: number, at: number): DeviceState {
  return {
    deviceId: `device-${hub}-${index}`,
    version: "1.0.0",
    rolloutId: "",
    outcome: "",
    contactedAt: 0,
    pending: "",
    activeAt: at,
    latches: {},
  };
}

/** The device once it has seen what it is asked for. */
export function answered(
  device: DeviceState,
  asked: { readonly version: string; readonly rolloutId: string } | undefined,
  at: number,
  defect: Defect,
): DeviceState {
  if (asked === undefined) return { ...device, activeAt: at };
  const { version, rolloutId } = asked;
  const seconds = Math.floor(at / 1_000);
  const before = device.latches[rolloutId];
  const latch = before ?? {
    outcome:
      device.version === version
        ? "ok-already"
        : { good: "ok", late: "ok", bad: "failed", silent: "contacted" }[defect],
    contactedAt: seconds,
  };
  const outcome =
    latch.outcome === "ok" && defect === "late" && seconds - latch.contactedAt >= LATE_S
      ? "failed"
      : latch.outcome;
  const runs = outcome === "ok" || outcome === "ok-already" ? version : device.version;
  return {
    ...device,
    rolloutId,
    outcome,
    contactedAt: latch.contactedAt,
    version: runs,
    pending: outcome === "contacted" ? version : "",
    activeAt: at,
    latches: { ...device.latches, [rolloutId]: { ...latch, outcome } },
  };
}

/** The twin as the hub's query language reads it. */
export function twinOf(device: DeviceState, index: number): Device {
  const { deviceId, version, rolloutId, outcome, contactedAt, pending, activeAt } = device;
  const firmware = {
    currentFwVersion: version,
    pendingFwVersion: pending,
    rolloutId,
    outcome,
    contactedAt,
    bucket: bucketOf(deviceId),
  };
  // Queries read these parts alone; a whole device would cost a thousand times what it is looked at.
  return {
    deviceId,
    moduleId: undefined,
    sequence: index,
    tags: tagsOf(index),
    lastActivityAt: activeAt,
    desired: { value: {} },
    reported: { value: { firmware } },
  } as unknown as Device;
}
