import { isDeepStrictEqual } from "node:util";
import { Readable } from "node:stream";
import { createJournal, type Journal } from "../journal.ts";
import type { JsonObject } from "../json-value.ts";
import { isAllowedFilter } from "./topic.ts";

/** The subscriptions of every device, kept over its connections as the SDK relies on [facts 5.1]. */
export interface SessionStore {
  readonly subscriptionsOf: (deviceId: string) => readonly SessionSubscription[];
  readonly forget: (deviceId: string) => void;
  /** Devices that have a session. */
  readonly holders: () => readonly string[];
  /** The same as the broker wants it. */
  readonly persistence: SessionPersistence;
}

interface SessionClient {
  readonly id: string;
}

/** A filter, and the quality of service that was granted. */
export interface SessionSubscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
}

/** What aedes asks of its persistence; it looks the methods up by name. */
type SessionPersistence = Readonly<Record<string, (...parameters: never[]) => unknown>>;

/** The subscriptions of a device as they stand in the journal; none is the end of its session. */
interface SessionEntry {
  readonly key: string;
  readonly subscriptions: readonly SessionSubscription[];
}

/**
 * An empty store. What devices subscribed to outlives the hub, since they never ask again [facts 5.1]; messages are not
 * kept: twin traffic has QoS 0 and is lost to whoever is away.
 */
export function createSessionStore(journal: Journal = createJournal()): SessionStore {
  const sessions = new Map<string, ReadonlyMap<string, SessionSubscription>>();
  const replay = ({ key, subscriptions }: SessionEntry): void => {
    if (subscriptions.length === 0) sessions.delete(key);
    else sessions.set(key, new Map(subscriptions.map((subscription) => [subscription.topic, subscription])));
  };
  // Entries are plain JSON by construction; they come back from a file that a hub of this version wrote.
  const scribe = journal.attach("sessions", {
    replay: (entry) => {
      replay(entry as unknown as SessionEntry);
    },
    capture: () =>
      [...sessions].map(([key, held]) => ({
        key,
        subscriptions: [...held.values()],
      })) as unknown as JsonObject[],
    // FIDELITY: whether a hub that fails over has its devices' sessions is undocumented; ours has, for the SDK would be
    // deaf without [facts 5.1].
  });
  const keep = (key: string, subscriptions: readonly SessionSubscription[]): void => {
    const held = [...(sessions.get(key)?.values() ?? [])];
    if (isDeepStrictEqual(held, subscriptions)) return;
    scribe({ key, subscriptions } as unknown as JsonObject);
    replay({ key, subscriptions });
  };
  /** Rejects on a full disk, upon which aedes ends the connection; a throw would end the hub. */
  const kept = (...session: Parameters<typeof keep>): Promise<void> =>
    new Promise((resolve) => {
      keep(...session);
      resolve();
    });
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
      const session = new Map(sessions.get(id));
      for (const { topic, qos } of allowed) session.set(topic, { topic, qos });
      return kept(id, [...session.values()]);
    },
    removeSubscriptions: ({ id }: SessionClient, filters: readonly string[]) => {
      const held = [...(sessions.get(id)?.values() ?? [])];
      return kept(
        id,
        held.filter(({ topic }) => !filters.includes(topic)),
      );
    },
    cleanSubscriptions: ({ id }: SessionClient) => kept(id, []),
    subscriptionsByTopic: none,
    createRetainedStreamCombi: noStream,
    storeRetained: nothing,
    outgoingStream: noStream,
    outgoingEnqueue: nothing,
    outgoingEnqueueCombi: nothing,
    outgoingUpdate: absent,
    // The acknowledgement itself, which the broker hands on: what it is of, mail-delivery.ts knows.
    outgoingClearMessageId: (_client: SessionClient, packet: unknown) => Promise.resolve(packet),
    incomingStorePacket: nothing,
    incomingGetPacket: absent,
    incomingDelPacket: absent,
    cleanIncoming: nothing,
    putWill: nothing,
    delWill: nothing,
    streamWill: noStream,
  };

  return {
    subscriptionsOf: (deviceId) => [...(sessions.get(deviceId)?.values() ?? [])],
    holders: () => [...sessions.keys()],
    forget: (deviceId) => {
      keep(deviceId, []);
    },
    persistence,
  };
}
