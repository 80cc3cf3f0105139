import { randomUUID } from "node:crypto";
import type { DeviceStore } from "../../local/hub/device-store.ts";
import type { JsonObject } from "../../local/hub/json-value.ts";

/** The attempt that every twin has reported on. */
export const ROLLOUT_ID = "fw--thermostat--1-1-0--1";
const OUTCOMES = ["ok", "ok", "ok", "contacted", "failed"] as const;

/** Add twins of the demo's shape: tags from the back end, and the report of a device that has had an update. */
export function addTwins(devices: DeviceStore, count: number): void {
  for (let index = 0; index < count; index++) addTwin(devices, index);
}

/** The id of the twin that was added as the so many-th. */
export function deviceId(index: number): string {
  return `thermostat-${String(index).padStart(7, "0")}`;
}

function addTwin(devices: DeviceStore, index: number): void {
  const outcome = OUTCOMES[index % OUTCOMES.length] ?? "ok";
  const stratum = index % 2 === 0 ? "A" : "B";
  devices.register({
    deviceId: deviceId(index),
    tags: fromWire({ product: "thermostat", rollout: { stratum, bucket: (index * 7919) % 1_000_000 } }),
  });
  const firmware = {
    currentFwVersion: outcome === "ok" ? "1.1.0" : "1.0.0",
    pendingFwVersion: outcome === "contacted" ? "1.1.0" : "",
    fwUpdateStatus: outcome === "contacted" ? "downloading" : "current",
    fwUpdateSubstatus: outcome === "contacted" ? "fetching 4096 bytes" : "",
    lastFwUpdateStartTime: "2026-01-01T00:00:00.000Z",
    lastFwUpdateEndTime: outcome === "contacted" ? "" : "2026-01-01T00:10:00.000Z",
    rolloutId: ROLLOUT_ID,
    outcome,
    contactedAt: 1_767_225_600 + index,
    fromVersion: "1.0.0",
    fwHealth: "healthy",
    errorCode: outcome === "failed" ? "SELF_TEST_FAILED" : "",
    bootId: randomUUID(),
    bucket: (index * 7919) % 1_000_000,
  };
  devices.mergeReported(deviceId(index), fromWire({ firmware }));
}

/** Through JSON, as everything reaches a hub: values that twins share here would flatter their size. */
function fromWire(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject; // what was a JSON object is one
}
