import type { HubLimits } from "../model/hub-limits.ts";

/** Bytes that an update of one device moves, as JSON; each has a default. */
export interface TrafficSizes {
  /** The desired firmware section: the content of the release's configuration. Default 1,000; the manifest may make it 5,000. */
  readonly desiredBytes?: number | undefined;
  /** The keys to images, for a product whose images need one: given, and taken away again. Default: none are. */
  readonly accessBytes?: number | undefined;
  /** One report: the whole reported firmware section. Default 600. */
  readonly reportBytes?: number | undefined;
  /** A device's twin as the device reads it: desired and reported, others' properties too. Default the two and 100. */
  readonly twinBytes?: number | undefined;
}

/** What an update of one device, there or back, asks of its hub. */
export interface DeviceTraffic {
  /** Twin writes: the desired patch and the reports. */
  readonly writes: number;
  /** Twin reads. */
  readonly reads: number;
  /** Changes sent to the device, which no throttle of twins counts. */
  readonly notifications: number;
  /** Messages of the daily quota. */
  readonly messages: number;
}

const DESIRED_BYTES = 1_000;
const REPORT_BYTES = 600;
/** Braces, section names and `$version`s of a twin as a device gets it; no tags, no metadata [IoT Hub: device twins]. */
const TWIN_FRAME_BYTES = 100;

/** An evaluation that changes what a device is to have is one patch of its twin [IoT Hub: automatic device management]. */
const DESIRED_WRITES = 1;
/** Keys come and go by one evaluation each; a renewal meanwhile is one more. */
const ACCESS_WRITES = 2;
/** contacted, downloading, applying, rebooting, end (docs/device.md), and one again after a lost connection. */
const REPORTS = 5 + 1;
/** The change as it is sent to a device that is connected. */
const NOTIFICATIONS = 1;
/**
 * On the connection after the reboot, and on one more: a token's renewal, a lost connection, or, for a device that was
 * away, the one that brings the change. The hub sends nothing again, so that a device reads its twin on every connection
 * [IoT Hub: device twins, reconnection].
 */
const READS = 2;

/** The price of one device: ten twin operations, and four more where it needs a key, in messages of the hub's meter. */
export function deviceTraffic(
  { meterBytes }: Pick<HubLimits, "meterBytes">,
  sizes: TrafficSizes = {},
): DeviceTraffic {
  const { desiredBytes = DESIRED_BYTES, reportBytes = REPORT_BYTES, accessBytes } = sizes;
  const { twinBytes = desiredBytes + (accessBytes ?? 0) + reportBytes + TWIN_FRAME_BYTES } = sizes;
  const accessWrites = accessBytes === undefined ? 0 : ACCESS_WRITES;
  // Updates of a twin count in chunks, reads by the chunks of their result; a chunk is 4 KB, on the free tier 0.5 KB
  // [IoT Hub quotas and throttling].
  const chunks = (bytes: number): number => Math.max(1, Math.ceil(bytes / meterBytes));
  return {
    writes: DESIRED_WRITES + accessWrites + REPORTS,
    reads: READS,
    notifications: NOTIFICATIONS + accessWrites,
    messages:
      // The notification is charged apart from the write [IoT Hub billing information: "D2C Notify DesiredProperties"].
      (DESIRED_WRITES + NOTIFICATIONS) * chunks(desiredBytes) +
      // The removal has its price too, and nearly no bytes.
      accessWrites * (chunks(accessBytes ?? 0) + chunks(0)) +
      REPORTS * chunks(reportBytes) +
      READS * chunks(twinBytes),
  };
}
