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
export interface FeedbackChannel {
  /** Hear of all feedback from now on; disposing ends that. */
  readonly subscribe: (listener: (feedback: Feedback) => void) => Disposable;
  readonly tell: (feedback: Feedback) => void;
}

/** A channel that nobody listens to. */
export function createFeedbackChannel(): FeedbackChannel {
  const listeners = new Set<{ readonly listener: (feedback: Feedback) => void }>();
  return {
    subscribe: (listener) => {
      const entry = { listener };
      listeners.add(entry);
      return {
        [Symbol.dispose]: () => {
          listeners.delete(entry);
        },
      };
    },
    tell: (feedback) => {
      for (const { listener } of listeners) {
        try {
          listener(feedback);
        } catch {
          // A listener that fails must not take a device's connection with it.
        }
      }
    },
  };
}
