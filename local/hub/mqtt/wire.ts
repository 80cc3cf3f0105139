import type { Client } from "aedes";
import { generate } from "mqtt-packet";

/** A message from the hub to one device. */
export interface Outgoing {
  readonly topic: string;
  readonly payload: string | Buffer;
  /** With it, the message has QoS 1 and is to be acknowledged; without, it has QoS 0. */
  readonly packetId?: number;
  readonly isDuplicate?: boolean;
}

/** A device that leaves more than this unread is cut: nobody else's memory is for it. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/**
 * Write a message to a device's own connection. There is no other way from the hub to a device: nothing is routed, so
 * no filter decides who gets it.
 */
export function sendTo(client: Client, { topic, payload, packetId, isDuplicate = false }: Outgoing): void {
  const { conn } = client;
  if (client.closed || conn.destroyed) return;
  const packet = { cmd: "publish", topic, payload, retain: false } as const;
  conn.write(
    packetId === undefined
      ? generate({ ...packet, qos: 0, dup: false })
      : generate({ ...packet, qos: 1, dup: isDuplicate, messageId: packetId }),
  );
  if (conn.writableLength > MAX_UNREAD_BYTES) conn.destroy();
}
