import { createAlarm } from "../alarm.ts";
import type { CallCounts } from "../call-counts.ts";
import type { HubClock } from "../clock.ts";
import { packetId } from "../mailbox-message.ts";
import type { Mailbox } from "../mailbox.ts";
import type { LiveConnections } from "./live-connections.ts";
import { mailboxFilter, mailboxTopic } from "./topic.ts";
import { sendTo } from "./wire.ts";

/** Brings what waits in the mailbox to devices that are there and want it. */
export interface MailDelivery {
  /** Send what waits for a device, if it is connected and subscribed, and was not sent on this connection already. */
  readonly deliver: (deviceId: string) => void;
  /** A device acknowledged a packet. */
  readonly acknowledged: (deviceId: string, packetId: number) => void;
  /** A device's connection ended: what it did not acknowledge is sent on the next one. */
  readonly left: (deviceId: string) => void;
}

/** What is not acknowledged for so long is sent again: one minute, not to be changed [IoT Hub: cloud-to-device, D]. */
const LOCK_MS = 60_000;

/** Delivery over MQTT at least once, in order; at most once to a device that subscribed with QoS 0 [G]. */
export function createMailDelivery(options: {
  readonly clock: HubClock;
  readonly closing: AbortSignal;
  readonly mailbox: Mailbox;
  readonly connections: LiveConnections;
  readonly counts: CallCounts;
  /** Hears of what could not be written down: nobody asked for it, so nobody else is there to be told. */
  readonly onTrouble: (error: unknown) => void;
}): MailDelivery {
  const { clock, closing, mailbox, connections, counts, onTrouble } = options;
  /** By device: when which message was sent on its present connection. */
  const onWire = new Map<string, Map<number, number>>();
  const send = (deviceId: string): void => {
    const qos = connections.grantedQos(deviceId, mailboxFilter(deviceId));
    const client = connections.find(deviceId);
    if (qos === undefined || client === undefined) return;
    const sent = onWire.get(deviceId) ?? new Map<number, number>();
    onWire.set(deviceId, sent);
    const now = clock.now();
    const waiting = mailbox.waiting(deviceId);
    // What expired or was purged meanwhile is waited for no more.
    const isWaiting = new Set(waiting.map(({ sequence }) => sequence));
    for (const sequence of sent.keys()) if (!isWaiting.has(sequence)) sent.delete(sequence);
    for (const message of waiting) {
      const sentAt = sent.get(message.sequence);
      if (sentAt !== undefined && now - sentAt < LOCK_MS) continue;
      counts.countDevice("mail");
      const topic = mailboxTopic(deviceId, message.bag);
      const payload = Buffer.from(message.body, "base64");
      if (qos === 0) {
        sendTo(client, { topic, payload });
        mailbox.complete(deviceId, message.sequence);
        continue;
      }
      // A clean session knows of no earlier delivery.
      const isDuplicate = message.wasSent && (!client.clean || sentAt !== undefined);
      if (!message.wasSent) mailbox.noteSent(deviceId, message.sequence);
      sent.set(message.sequence, now);
      sendTo(client, { topic, payload, packetId: packetId(message), isDuplicate });
    }
    if (sent.size > 0) alarm.setFor(Math.min(...sent.values()) + LOCK_MS);
  };
  /** On a full disk a message is neither sent nor acknowledged for good: after the lock it is tried again. */
  const orLater = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      onTrouble(error);
      alarm.setFor(clock.now() + LOCK_MS);
    }
  };
  const deliver = (deviceId: string): void => {
    orLater(() => {
      send(deviceId);
    });
  };
  const alarm = createAlarm({
    clock,
    closing,
    ring: () => {
      for (const deviceId of [...onWire.keys()]) deliver(deviceId);
    },
  });
  mailbox.onEnqueued(deliver);
  return {
    deliver,
    acknowledged: (deviceId, id) => {
      const sent = onWire.get(deviceId);
      orLater(() => {
        // Only what was sent on this connection, and is still there: a late or invented acknowledgement changes nothing.
        const message = mailbox
          .waiting(deviceId)
          .find((one) => packetId(one) === id && sent?.has(one.sequence) === true);
        if (message === undefined) return;
        mailbox.complete(deviceId, message.sequence);
        sent?.delete(message.sequence);
      });
    },
    left: (deviceId) => {
      onWire.delete(deviceId);
    },
  };
}
