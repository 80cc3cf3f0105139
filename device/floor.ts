import semver from "semver";
import type { DeviceState } from "./device-state.ts";

/**
 * The floor of a device once the image it is about to take has proven itself. It rises to what that image's manifest
 * states when the image that runs now is not below and has proven itself too: then the slot that the device falls back
 * to, and the release it would be taken back to, are never under its floor.
 */
export function floorOnSuccess(state: DeviceState, stated: string | undefined): string | undefined {
  const { floor, running, latches } = state;
  if (stated === undefined || semver.valid(running.version) === null || semver.lt(running.version, stated))
    return floor;
  const hasProven = latches.some(
    ({ asked, outcome }) => asked.sha256 === running.sha256 && (outcome === "ok" || outcome === "ok-already"),
  );
  if (!hasProven && !running.factory) return floor;
  return floor === undefined || semver.gt(stated, floor) ? stated : floor;
}
