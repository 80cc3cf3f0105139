import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import type { DeviceState } from "./device-state.ts";
import { isOnDemand } from "./firmware-request.ts";
import { findLatch } from "./latch.ts";

/** What the device says about itself now: always the whole block, so that a lost report loses nothing. */
export function firmwareReport(state: DeviceState): FirmwareReported {
  const latch = findLatch(state, state.rolloutId);
  const { update } = state;
  const pending = update !== undefined && state.status !== "current" ? update.asked.version : "";
  return {
    currentFwVersion: state.running.version,
    pendingFwVersion: pending,
    fwUpdateStatus: state.status,
    fwUpdateSubstatus: state.substatus,
    lastFwUpdateStartTime: instantText(state.startedMs),
    lastFwUpdateEndTime: instantText(state.endedMs),
    rolloutId: state.rolloutId,
    outcome: latch?.outcome ?? "",
    contactedAt: latch?.contactedAt ?? 0,
    fromVersion: latch?.fromVersion ?? "",
    fwHealth: state.health,
    errorCode: latch?.errorCode ?? "",
    bootId: state.bootId,
    bucket: state.bucket,
    fwSource: update?.phase === "downloading" && isOnDemand(update.desired) ? "wanted" : "",
    ...(latch?.recovered === true ? { recovered: true } : {}),
  };
}

function instantText(ms: number | undefined): string {
  return ms === undefined ? "" : new Date(ms).toISOString();
}
