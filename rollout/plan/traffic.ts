import { hubLimits, type HubTier } from "../model/hub-limits.ts";
import { deviceTraffic, type TrafficSizes } from "./device-traffic.ts";

/** Devices on one hub that are to be updated. */
export interface FleetTrafficInput extends TrafficSizes {
  readonly devices: number;
  readonly tier: HubTier;
  readonly units: number;
}

/** What the update of devices asks of their hub, from the first to the last of them. */
export interface FleetTraffic {
  /** Twin operations, by the devices and by the hub for them. */
  readonly operations: number;
  /** Those of them that write. */
  readonly writes: number;
  /** Messages of the daily quota, which telemetry lives on too. */
  readonly messages: number;
  /** Of one day's messages, as a fraction; over 1 it takes more than a day whatever the throttle. */
  readonly quotaShare: number;
  /** Hours that the hub's twin throttles stretch it over, were all devices there at once. */
  readonly hours: number;
}

/** Price what a wave costs its fleet. A wave on several hubs is priced hub by hub. */
export function fleetTraffic(input: FleetTrafficInput): FleetTraffic {
  const { devices, tier, units } = input;
  const limits = hubLimits(tier, units);
  const one = deviceTraffic(limits, input);
  const writes = devices * one.writes;
  const reads = devices * one.reads;
  const messages = devices * one.messages;
  // Writes and reads of twins are throttled apart [IoT Hub quotas and throttling].
  const seconds = Math.max(writes / limits.twinWritesPerSecond, reads / limits.twinReadsPerSecond);
  return {
    operations: writes + reads + devices * one.notifications,
    writes,
    messages,
    quotaShare: messages / limits.messagesPerDay,
    hours: seconds / 3_600,
  };
}
