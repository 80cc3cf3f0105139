import { hubLimits, type HubTier } from "../model/hub-limits.ts";
import { deviceTraffic, type TrafficSizes } from "./device-traffic.ts";

/** How much more a hub may be asked today, such that everything exposed can still be taken back today. */
export interface TakeBackRoom {
  /** Messages that are left for a rollout until 00:00 UTC. */
  readonly messagesLeft: number;
  /** Messages that taking back everything exposed now would take. */
  readonly takeBackMessages: number;
  /** Devices that may be exposed in addition: each may have to be updated AND taken back today. 0: do not widen. */
  readonly devices: number;
}

/**
 * Exposure never exceeds what the rest of the day's quota can take back: an exhausted quota stops the way back as well as
 * the telemetry. Going back is an update like any other, so it has the same price.
 */
export function takeBackRoom(
  input: TrafficSizes & {
    readonly tier: HubTier;
    readonly units: number;
    /** Devices that have a release which may be taken back. */
    readonly exposed: number;
    /** Messages of the hub used since 00:00 UTC, by whatever. */
    readonly usedToday: number;
    /** Messages that devices will send until 00:00 UTC whatever the rollout does; default 0. */
    readonly telemetryToCome?: number | undefined;
  },
): TakeBackRoom {
  const { exposed, usedToday, telemetryToCome = 0 } = input;
  const limits = hubLimits(input.tier, input.units);
  const { messages } = deviceTraffic(limits, input);
  const messagesLeft = Math.max(0, limits.messagesPerDay - usedToday - telemetryToCome);
  const takeBackMessages = exposed * messages;
  // There and back.
  const devices = Math.max(0, Math.floor((messagesLeft - takeBackMessages) / (2 * messages)));
  return { messagesLeft, takeBackMessages, devices };
}
