import type { MessageProperties } from "./mqtt/property-bag.ts";
import { argumentInvalid, ServiceError } from "./service-error.ts";

/** Which ends of a message its sender wants to hear of [IoT Hub: cloud-to-device messages, D]. */
export type Acknowledgement = "none" | "positive" | "negative" | "full";

/** A message to a device. */
export interface MessageToDevice {
  readonly body: Buffer;
  readonly messageId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly userId?: string | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** Milliseconds since the epoch; default an hour from now. */
  readonly expiresAt?: number | undefined;
  /** Default "none". */
  readonly ack?: Acknowledgement | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** A message that waits for its device, as it also stands in the journal. */
export interface QueuedMessage {
  /** Counts the messages of the hub. */
  readonly sequence: number;
  /** Of the device it was sent to: one that is registered anew under the same id does not get it. */
  readonly generationId: string;
  readonly enqueuedAt: number;
  readonly expiresAt: number;
  readonly messageId: string | undefined;
  readonly ack: Acknowledgement;
  /** All its properties as they stand at the end of the topic. */
  readonly bag: string;
  /** Base64. */
  readonly body: string;
  /** Whether it was on a wire before: the next time it is a duplicate [MQTT-3.3.1-1]. */
  readonly wasSent: boolean;
}

/** [IoT Hub: quotas]: body and properties. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** [IoT Hub: message format]: length of the two ids. */
const MAX_ID_LENGTH = 128;
/** [MQTT-1.5.3]: a topic is a string of at most so many bytes. */
const MAX_BAG_BYTES = 65_535 - "devices//messages/devicebound/".length - 128;

/** What a message is called on the wire: from 1 to 65,535 [MQTT-2.3.1-1], the same each time it is sent [MQTT-4.4.0-1]. */
export function packetId({ sequence }: Pick<QueuedMessage, "sequence">): number {
  return (sequence % 65_535) + 1;
}

/** The properties that a device finds with a message [facts 5.2]. */
export function propertiesOf(deviceId: string, message: MessageToDevice): MessageProperties {
  const { messageId, correlationId, userId, contentType, contentEncoding, expiresAt, ack } = message;
  const system = {
    mid: messageId,
    cid: correlationId,
    uid: userId,
    to: `/devices/${deviceId}/messages/deviceBound`,
    ct: contentType,
    ce: contentEncoding,
    exp: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  };
  return {
    system: Object.fromEntries(
      Object.entries(system).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    application: { ...message.properties, ...(ack === undefined ? {} : { "iothub-ack": ack }) },
  };
}

/** Refuse what is too long for a message. */
export function checkMessage(message: MessageToDevice, { bytes, bag }: { bytes: number; bag: string }): void {
  for (const name of ["messageId", "correlationId"] as const) {
    if ((message[name]?.length ?? 0) > MAX_ID_LENGTH)
      throw argumentInvalid(`The ${name} is over ${MAX_ID_LENGTH} characters`);
  }
  if (bytes > MAX_MESSAGE_BYTES || bag.length > MAX_BAG_BYTES) {
    throw new ServiceError(413, "MessageTooLarge", {
      message: `The message has ${bytes} bytes, properties included; ${MAX_MESSAGE_BYTES} are allowed, and ${MAX_BAG_BYTES} of properties as they are encoded in a topic`,
    });
  }
}
