import { createAlarm } from "./alarm.ts";
import type { HubClock } from "./clock.ts";
import type { DeviceStore } from "./device-store.ts";
import type { Feedback } from "./feedback.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { JsonObject } from "./json-value.ts";
import {
  checkMessage,
  packetId,
  propertiesOf,
  type MessageToDevice,
  type QueuedMessage,
} from "./mailbox-message.ts";
import { propertyBytes, writePropertyBag } from "./mqtt/property-bag.ts";
import { argumentInvalid, ServiceError } from "./service-error.ts";

/** How many messages to devices went which way since the hub started. */
export interface MailCounts {
  /** Accepted. */
  readonly enqueued: number;
  /** Acknowledged by their device. */
  readonly completed: number;
  /** Dead-lettered since they expired: the only way over MQTT, which cannot reject [IoT Hub: cloud-to-device, D]. */
  readonly expired: number;
  readonly purged: number;
}

/** Messages that wait for their devices, at most 50 each, kept until acknowledged, expired or purged. */
export interface Mailbox {
  /**
   * Take a message; returns the bytes it counts as. Throws 404 without the device, 403 when its queue is full, 400 or
   * 413 for what cannot be sent.
   */
  readonly enqueue: (deviceId: string, message: MessageToDevice) => number;
  /** What waits for a device, in the order it was sent in. */
  readonly waiting: (deviceId: string) => readonly QueuedMessage[];
  /** A message is on the wire now. */
  readonly noteSent: (deviceId: string, sequence: number) => void;
  /** The device has it. */
  readonly complete: (deviceId: string, sequence: number) => void;
  /** Throw away what waits; returns how many. */
  readonly purge: (deviceId: string) => number;
  readonly counts: () => MailCounts;
  /** Hear of a message that was taken. */
  readonly onEnqueued: (listener: (deviceId: string) => void) => void;
}

/** [IoT Hub: cloud-to-device messages, D]. */
const MAX_QUEUED = 50;
const DEFAULT_TIME_TO_LIVE_MS = 3_600_000;
/** When expiry is tried again after it could not be written down. */
const RETRY_MS = 60_000;

/** How a message is over. */
type MailEnd = "completed" | "expired" | "purged";
const STATUS_CODES = { completed: "Success", expired: "Expired", purged: "Purged" } as const;

/** What happened to a queue, as it stands in the journal; the same when it happens and when it is replayed. */
type MailEntry =
  | { readonly op: "put"; readonly deviceId: string; readonly message: QueuedMessage }
  | { readonly op: "sent" | "take"; readonly deviceId: string; readonly sequence: number }
  | { readonly op: "empty"; readonly deviceId: string };

/** No messages yet. */
export function createMailbox(options: {
  readonly clock: HubClock;
  readonly closing: AbortSignal;
  readonly devices: DeviceStore;
  readonly journal?: Journal;
  readonly tell: (feedback: Feedback) => void;
  /** Hears of messages whose expiry could not be written down; it is tried again. */
  readonly onTrouble?: (error: unknown) => void;
}): Mailbox {
  const { clock, closing, devices, journal = createJournal(), tell, onTrouble = () => undefined } = options;
  const queues = new Map<string, readonly QueuedMessage[]>();
  const counts = { enqueued: 0, completed: 0, expired: 0, purged: 0 };
  const listeners: ((deviceId: string) => void)[] = [];
  let sequence = 0;

  const put = (deviceId: string, queue: readonly QueuedMessage[]): void => {
    if (queue.length === 0) queues.delete(deviceId);
    else queues.set(deviceId, queue);
    devices.setMailCount(deviceId, queue.length);
  };
  const queueOf = (deviceId: string): readonly QueuedMessage[] => queues.get(deviceId) ?? [];
  const replay = (entry: MailEntry): void => {
    const { deviceId } = entry;
    const queue = queueOf(deviceId);
    switch (entry.op) {
      case "put":
        sequence = Math.max(sequence, entry.message.sequence);
        put(deviceId, [...queue, entry.message]);
        alarm.setFor(entry.message.expiresAt);
        break;
      case "sent":
        put(
          deviceId,
          queue.map((one) => (one.sequence === entry.sequence ? { ...one, wasSent: true } : one)),
        );
        break;
      case "take":
        put(
          deviceId,
          queue.filter((one) => one.sequence !== entry.sequence),
        );
        break;
      case "empty":
        put(deviceId, []);
        break;
    }
  };
  // Entries are plain JSON by construction; they come back from a file that a hub of this version wrote.
  const scribe = journal.attach("mailbox", {
    replay: (entry) => {
      replay(entry as unknown as MailEntry);
    },
    capture: () =>
      [...queues].flatMap(([deviceId, queue]) =>
        queue.map((message) => ({ op: "put", deviceId, message })),
      ) as unknown as JsonObject[],
    clear: () => {
      for (const deviceId of [...queues.keys()]) put(deviceId, []);
    },
  });
  const commit = (entry: MailEntry): void => {
    scribe(entry as unknown as JsonObject);
    replay(entry);
  };
  /** A message is over, and its sender hears of that if it wanted to. */
  const end = (deviceId: string, message: QueuedMessage, how: MailEnd): void => {
    commit({ op: "take", deviceId, sequence: message.sequence });
    counts[how] += 1;
    const isWanted =
      message.ack === "full" || message.ack === (how === "completed" ? "positive" : "negative");
    if (!isWanted) return;
    const statusCode = STATUS_CODES[how];
    tell({
      originalMessageId: message.messageId ?? "",
      deviceId,
      deviceGenerationId: message.generationId,
      statusCode,
      description: statusCode,
      enqueuedTimeUtc: new Date(clock.now()).toISOString(),
    });
  };
  const expire = (deviceId: string): void => {
    const now = clock.now();
    for (const message of queueOf(deviceId)) if (message.expiresAt <= now) end(deviceId, message, "expired");
  };
  const alarm = createAlarm({
    clock,
    closing,
    ring: () => {
      try {
        for (const deviceId of [...queues.keys()]) expire(deviceId);
      } catch (error) {
        onTrouble(error);
        alarm.setFor(clock.now() + RETRY_MS);
        return;
      }
      let next = Number.POSITIVE_INFINITY;
      for (const queue of queues.values())
        for (const { expiresAt } of queue) next = Math.min(next, expiresAt);
      if (Number.isFinite(next)) alarm.setFor(next);
    },
  });
  devices.observe({
    desiredChanged: () => undefined,
    // With the device goes what waits for it, and feedback too [IoT Hub: cloud-to-device messages, D].
    accessRevoked: (key) => {
      if (queues.has(key) && devices.find(key) === undefined) commit({ op: "empty", deviceId: key });
    },
  });

  const waiting = (deviceId: string): readonly QueuedMessage[] => {
    expire(deviceId);
    const generationId = devices.find(deviceId)?.generationId;
    return queueOf(deviceId).filter((message) => message.generationId === generationId);
  };
  return {
    enqueue: (deviceId, sent) => {
      const { generationId, moduleId } = devices.get(deviceId);
      // By its key, `device/module`, a module is found as well.
      if (moduleId !== undefined) throw argumentInvalid("Messages go to devices, not to modules");
      if (waiting(deviceId).length >= MAX_QUEUED)
        throw new ServiceError(403, "DeviceMaximumQueueDepthExceeded", {
          message: `${MAX_QUEUED} messages wait for device ${deviceId} already`,
        });
      const enqueuedAt = clock.now();
      const { expiresAt = enqueuedAt + DEFAULT_TIME_TO_LIVE_MS, messageId, ack = "none" } = sent;
      const properties = propertiesOf(deviceId, { ...sent, expiresAt });
      const bag = writePropertyBag(properties);
      const bytes = sent.body.length + propertyBytes(properties);
      checkMessage(sent, { bytes, bag });
      const message = {
        sequence: freeSequence(queueOf(deviceId), sequence + 1),
        generationId,
        enqueuedAt,
        expiresAt,
        messageId,
        ack,
        bag,
        body: sent.body.toString("base64"),
        wasSent: false,
      };
      commit({ op: "put", deviceId, message });
      counts.enqueued += 1;
      for (const listener of listeners) listener(deviceId);
      return bytes;
    },
    waiting,
    noteSent: (deviceId, of) => {
      commit({ op: "sent", deviceId, sequence: of });
    },
    complete: (deviceId, of) => {
      const message = waiting(deviceId).find((one) => one.sequence === of);
      if (message === undefined) return;
      end(deviceId, message, "completed");
    },
    purge: (deviceId) => {
      devices.get(deviceId);
      const purged = waiting(deviceId);
      for (const message of purged) end(deviceId, message, "purged");
      return purged.length;
    },
    counts: () => ({ ...counts }),
    onEnqueued: (listener) => {
      listeners.push(listener);
    },
  };
}

/** The next number whose packet id no message of the queue has. */
function freeSequence(queue: readonly QueuedMessage[], from: number): number {
  const taken = new Set(queue.map(packetId));
  let sequence = from;
  while (taken.has(packetId({ sequence }))) sequence += 1;
  return sequence;
}
