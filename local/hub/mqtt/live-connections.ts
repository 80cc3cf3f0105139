import type { Client } from "aedes";
import type { SessionStore } from "./session-store.ts";

/** The connections of a broker, at most one a device or module, and what each is subscribed to now. */
export interface LiveConnections {
  readonly add: (client: Client) => void;
  /** False when it is another connection of the same device that is live. */
  readonly remove: (client: Client) => boolean;
  readonly find: (key: string) => Client | undefined;
  readonly keys: () => readonly string[];
  readonly size: () => number;
  /** The quality of service that a filter was granted with; undefined for a device that is away or not subscribed. */
  readonly grantedQos: (key: string, filter: string | undefined) => number | undefined;
  readonly noteGranted: (client: Client, subscriptions: readonly GrantedSubscription[]) => void;
  readonly noteRevoked: (client: Client, filters: readonly string[]) => void;
}

/** A filter and what the broker answered to it. */
interface GrantedSubscription {
  readonly topic: string;
  readonly qos: number;
}

/** [MQTT-3.9.3-2]: what a refused filter is granted with. */
const REFUSED = 128;

/** No connections yet; `sessions` has what devices subscribed to on earlier ones. */
export function createLiveConnections(sessions: SessionStore): LiveConnections {
  const live = new Map<string, Client>();
  const granted = new WeakMap<Client, Map<string, number>>();
  const grant = (client: Client, subscriptions: readonly GrantedSubscription[]): void => {
    const filters = granted.get(client) ?? new Map<string, number>();
    for (const { topic, qos } of subscriptions) if (qos !== REFUSED) filters.set(topic, qos);
    granted.set(client, filters);
  };
  return {
    add: (client) => {
      live.set(client.id, client);
      // A clean session begins without any [MQTT-3.1.2-6].
      if (!client.clean) grant(client, sessions.subscriptionsOf(client.id));
    },
    remove: (client) => live.get(client.id) === client && live.delete(client.id),
    find: (key) => live.get(key),
    keys: () => [...live.keys()],
    size: () => live.size,
    grantedQos: (key, filter) => {
      const client = live.get(key);
      return client === undefined || filter === undefined ? undefined : granted.get(client)?.get(filter);
    },
    noteGranted: grant,
    noteRevoked: (client, filters) => {
      for (const filter of filters) granted.get(client)?.delete(filter);
    },
  };
}
