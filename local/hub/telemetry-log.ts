import { createChannel } from "./channel.ts";

/** A message that a device or module sent, as the hub took it in. */
export interface TelemetryMessage {
  /** Counts all messages of the hub since it started, from 1. */
  readonly sequenceNumber: number;
  /** Who was connected, whatever the message says of itself. */
  readonly connectionDeviceId: string;
  readonly connectionModuleId?: string;
  readonly connectionDeviceGenerationId: string;
  /** When the hub took it in, in milliseconds since the epoch. */
  readonly enqueuedAt: number;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Other properties whose name began with `$.`, by the rest of it. */
  readonly systemProperties: Readonly<Record<string, string>>;
  /** What the sender added. */
  readonly properties: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Messages from devices as a program in the hub's process sees them. FIDELITY: instead of an Event Hubs endpoint. */
export interface Telemetry {
  /** Hear every message from now on, once it counts as accepted; disposing ends that. */
  readonly subscribe: (listener: (message: TelemetryMessage) => void) => Disposable;
  /** The latest messages, oldest first; as many as `telemetryKept`, and 16 MB of bodies at most. */
  readonly latest: () => readonly TelemetryMessage[];
}

/** The same as the hub writes to it. */
export interface TelemetryLog extends Telemetry {
  readonly append: (message: Omit<TelemetryMessage, "sequenceNumber">) => void;
}

/** Bodies of the latest messages may have so many bytes together; the newest is kept whatever its size. */
export const KEPT_BYTES = 16 * 1024 * 1024;

/** A log without messages that keeps the latest `kept`. */
export function createTelemetryLog(kept: number): TelemetryLog {
  if (!Number.isInteger(kept) || kept < 0)
    throw new RangeError(`startHub: telemetryKept is ${kept}, a whole number from 0 is needed`);
  const channel = createChannel<TelemetryMessage>();
  const latest: TelemetryMessage[] = [];
  let bytes = 0;
  let sequenceNumber = 0;
  return {
    append: (appended) => {
      sequenceNumber += 1;
      const message = { sequenceNumber, ...appended };
      latest.push(message);
      bytes += message.body.length;
      while (latest.length > kept || (bytes > KEPT_BYTES && latest.length > 1))
        bytes -= latest.shift()?.body.length ?? 0;
      channel.tell(message);
    },
    subscribe: channel.subscribe,
    latest: () => [...latest],
  };
}
