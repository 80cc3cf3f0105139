import { Readable } from "node:stream";
import { isAllowedFilter } from "./topic.ts";

/** The subscriptions of every device, kept over its connections as the SDK relies on [facts 5.1]. */
export interface SessionStore {
  readonly isSubscribed: (deviceId: string, filter: string) => boolean;
  readonly forget: (deviceId: string) => void;
  /** The same as the broker wants it. */
  readonly persistence: SessionPersistence;
}

interface SessionClient {
  readonly id: string;
}

interface SessionSubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** What aedes asks of its persistence; it looks the methods up by name. */
type SessionPersistence = Readonly<Record<string, (...parameters: never[]) => unknown>>;

/** An empty store, in memory. Messages are not kept: twin traffic has QoS 0 and is lost to whoever is away. */
export function createSessionStore(): SessionStore {
  const sessions = new Map<string, Map<string, SessionSubscription>>();
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  const none = (): Promise<readonly never[]> => Promise.resolve([]);
  const absent = (): Promise<never> => Promise.reject(new Error("no such packet"));
  const noStream = (): Readable => Readable.from([]);

  const persistence = {
    // aedes checks that this is an async function.
    // eslint-disable-next-line @typescript-eslint/require-await
    setup: async (): Promise<void> => undefined,
    subscriptionsByClient: ({ id }: SessionClient) =>
      Promise.resolve([...(sessions.get(id)?.values() ?? [])]),
    addSubscriptions: ({ id }: SessionClient, subscriptions: readonly SessionSubscription[]) => {
      // aedes hands over all filters of a packet, refused ones too.
      const allowed = subscriptions.filter(({ topic }) => isAllowedFilter(topic, id));
      const session = sessions.get(id) ?? new Map<string, SessionSubscription>();
      for (const { topic, qos } of allowed) session.set(topic, { topic, qos });
      sessions.set(id, session);
      return nothing();
    },
    removeSubscriptions: ({ id }: SessionClient, filters: readonly string[]) => {
      for (const filter of filters) sessions.get(id)?.delete(filter);
      return nothing();
    },
    cleanSubscriptions: ({ id }: SessionClient) => {
      sessions.delete(id);
      return nothing();
    },
    subscriptionsByTopic: none,
    createRetainedStreamCombi: noStream,
    storeRetained: nothing,
    outgoingStream: noStream,
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: absent,
    outgoingClearMessageId: nothing,
    incomingStorePacket: nothing,
    incomingGetPacket: absent,
    incomingDelPacket: absent,
    cleanIncoming: nothing,
    putWill: nothing,
    delWill: nothing,
    streamWill: noStream,
  };

  return {
    isSubscribed: (deviceId, filter) => sessions.get(deviceId)?.has(filter) === true,
    forget: (deviceId) => {
      sessions.delete(deviceId);
    },
    persistence,
  };
}
