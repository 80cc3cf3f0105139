import type { Channel } from "./channel.ts";

/** The end of a message to a device, for a sender that asked for it by `ack` [IoT Hub: cloud-to-device messages, D]. */
export interface Feedback {
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: "Success" | "Expired" | "Purged";
  readonly description: string;
  readonly enqueuedTimeUtc: string;
}

/** Who hears of feedback. FIDELITY: in the hub's process and at once, instead of batches at an AMQP endpoint. */
export type FeedbackChannel = Channel<Feedback>;
