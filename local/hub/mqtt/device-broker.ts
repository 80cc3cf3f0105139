import type { Duplex } from "node:stream";
import { Aedes, type Client, type PublishPacket } from "aedes";
import type { AccessPolicies } from "../access-policy.ts";
import { deviceKey } from "../device-table.ts";
import { troubleIn } from "../hub-log.ts";
import type { Journal } from "../journal.ts";
import type { Mailbox } from "../mailbox.ts";
import type { DirectMethods, MethodLink } from "../direct-methods.ts";
import { admit, noteStranger } from "./admission.ts";
import type { ClientCertificate } from "./client-certificate.ts";
import { callAt } from "./connection-expiry.ts";
import { authenticateDevice, type CredentialCheck } from "./device-credentials.ts";
import { createLiveConnections } from "./live-connections.ts";
import { createMailDelivery } from "./mail-delivery.ts";
import { createPacketGuard } from "./packet-guard.ts";
import { createPublishHandler } from "./publish-handler.ts";
import { grantAtMostQos1 } from "./qos-limit.ts";
import { createSessionStore } from "./session-store.ts";
import { createSilentBus } from "./silent-bus.ts";
import type { TelemetryContext } from "./telemetry.ts";
import {
  DESIRED_FILTER,
  desiredTopic,
  isAllowedFilter,
  mailboxFilter,
  METHODS_FILTER,
  methodTopic,
} from "./topic.ts";
import { sendTo } from "./wire.ts";

/** What the device API stands on. */
export interface DeviceBrokerOptions extends TelemetryContext {
  /** Names of this hub that devices may use. */
  readonly hosts: readonly string[];
  readonly policies: AccessPolicies;
  readonly tokenSkewMs: number;
  readonly methods: Pick<DirectMethods, "answered" | "listens" | "left">;
  readonly mailbox: Mailbox;
  /** How long a connection may go without its CONNECT. */
  readonly patienceMs: number;
  readonly journal: Journal;
  readonly closing: AbortSignal;
}

/** The device API over MQTT, on connections that listeners bring. */
export interface DeviceBroker extends AsyncDisposable, MethodLink {
  /** Serve a connection; `certificate` is what its other end proved to own. */
  readonly accept: (connection: Duplex, certificate?: ClientCertificate) => void;
  /** Cut a device's connection; false when it has none. */
  readonly drop: (deviceId: string) => boolean;
  /** Cut everybody off: the devices were replaced by those of another time. */
  readonly startOver: () => void;
  /** How many devices are connected. */
  readonly connected: () => number;
}

/** [facts 5.2]: a message has up to 256 KB; the rest is room for its topic. */
export const MAX_PACKET_BYTES = 288 * 1024;

/** A broker of MQTT 3.1.1 that carries nothing between devices [facts 5]. */
export async function createDeviceBroker(options: DeviceBrokerOptions): Promise<DeviceBroker> {
  const { devices, counts, quota, log, methods } = options;
  // A module of a disabled device is as disabled [G].
  const isEnabled = (key: string): boolean =>
    devices.find(key)?.status === "enabled" && devices.find(key.split("/", 1)[0] ?? "")?.status === "enabled";
  const check: CredentialCheck = {
    ...options,
    find: (deviceId, moduleId) => {
      const key = deviceKey(deviceId, moduleId);
      return isEnabled(key) ? devices.find(key) : undefined;
    },
  };
  const sessions = createSessionStore(options.journal);
  const connections = createLiveConnections(sessions);
  const publishing = createPublishHandler(options);
  const mail = createMailDelivery({ ...options, connections, onTrouble: troubleIn(log, "mail") });
  const refusedAt = new WeakMap<Client, number>();
  const expiries = new WeakMap<Client, () => void>();
  const certificates = new WeakMap<object, ClientCertificate>();
  const wills = new WeakMap<PublishPacket, true>();

  const broker = await Aedes.createBroker({
    mq: createSilentBus(),
    persistence: sessions.persistence,
    // Older MQTT 3.1 clients are held to 23 characters by default; a device id has 128, and a module's as many more.
    maxClientsIdLength: 257,
    connectTimeout: options.patienceMs,
    preConnect: (client, { will }, done) => {
      // Between a CONNECT and its check aedes would take up further packets, of a client that has no id yet. Its own, though
      // its types leave it out; it resumes by itself once the session is there.
      (client as Client & { pause: () => void }).pause();
      // The broker hands this very object over when the connection is lost.
      if (will !== undefined) wills.set(will as PublishPacket, true);
      done(null, true);
    },
    authenticate: (client, userName, password, done) => {
      const certificate = certificates.get(client.conn);
      const credentials = { clientId: client.id, userName, password: password?.toString(), certificate };
      const until = authenticateDevice(credentials, check);
      if (until === undefined) {
        noteStranger(options, client.id);
        // CONNACK 5, not authorized [MQTT-3.2.2], which the SDK reports as UnauthorizedError.
        done(null, false);
        return;
      }
      refusedAt.set(client, until);
      // After the credentials: a stranger spends nothing of the devices' limit [G].
      void admit(client, options, done);
    },
    // A refused filter is granted as 0x80 [MQTT-3.9.3-2].
    authorizeSubscribe: (client, subscription, done) => {
      const isAllowed = refusedAt.has(client) && isAllowedFilter(subscription.topic, client.id);
      done(null, isAllowed ? subscription : null);
    },
    authorizePublish: (client, packet, done) => {
      if (client === null || !refusedAt.has(client)) {
        done(new Error("Nobody publishes but devices whose credentials were checked"));
      } else if (wills.has(packet)) {
        publishing.takeWill(client, packet);
        done(new Error("A will is not published on any bus"));
      } else {
        publishing.take(client, packet, done);
      }
    },
  });

  broker.on("clientReady", (client) => {
    const { id: key } = client;
    // It may have gone, or lost its right to be here, between CONNECT and CONNACK.
    if (client.closed || !isEnabled(key)) {
      client.close();
      return;
    }
    connections.add(client);
    devices.setConnected(key, true);
    counts.countDevice("connections");
    log({ event: "connection", deviceId: key, outcome: "accepted" });
    expiries.set(
      client,
      callAt(refusedAt.get(client) ?? 0, () => {
        client.close();
      }),
    );
    if (isListening(key)) methods.listens(key);
    mail.deliver(key);
  });
  // Of two connections of a device, the broker ends the first before it registers the second [MQTT-3.1.4-2].
  broker.on("clientDisconnect", (client) => {
    const { id: key } = client;
    expiries.get(client)?.();
    if (!connections.remove(client)) return;
    devices.setConnected(key, false);
    log({ event: "connection", deviceId: key, outcome: "closed" });
    mail.left(key);
    methods.left(key);
  });
  broker.on("subscribe", (subscriptions, client) => {
    connections.noteGranted(client, subscriptions);
    const filters = new Set(subscriptions.map(({ topic }) => topic));
    if (filters.has(METHODS_FILTER) && isListening(client.id)) methods.listens(client.id);
    if (filters.has(mailboxFilter(client.id) ?? "")) mail.deliver(client.id);
  });
  broker.on("unsubscribe", (filters, client) => {
    connections.noteRevoked(client, filters);
  });
  broker.on("ack", (packet, client) => {
    // What the session store gave back: the acknowledgement, for QoS 1 of nothing but mail.
    const { cmd, messageId } = packet as unknown as { cmd?: string; messageId?: number };
    if (cmd === "puback" && messageId !== undefined && connections.find(client.id) === client)
      mail.acknowledged(client.id, messageId);
  });
  const isListening = (key: string): boolean => connections.grantedQos(key, METHODS_FILTER) !== undefined;

  devices.observe({
    desiredChanged: ({ deviceId, moduleId, desired }, patch) => {
      const key = deviceKey(deviceId, moduleId);
      const client = connections.find(key);
      // Nothing is queued for whoever is away [facts 2.3].
      if (client === undefined || connections.grantedQos(key, DESIRED_FILTER) === undefined) return;
      counts.countDevice("desiredPatches");
      const payload = JSON.stringify({ ...patch, $version: desired.version });
      quota.charge(Buffer.byteLength(payload));
      sendTo(client, { topic: desiredTopic(desired.version), payload });
    },
    accessRevoked: (key) => {
      if (devices.find(key) === undefined) sessions.forget(key);
      connections.find(key)?.close();
      for (const { deviceId, moduleId } of devices.modulesOf(key))
        connections.find(deviceKey(deviceId, moduleId))?.close();
    },
  });

  return {
    accept: (connection, certificate) => {
      if (certificate !== undefined) certificates.set(connection, certificate);
      grantAtMostQos1(broker.handle(connection));
      const isBounded = createPacketGuard(MAX_PACKET_BYTES);
      // After handle(): the broker reads on 'readable', which keeps this listener from making the stream flow.
      connection.on("data", (chunk: Buffer) => {
        if (!isBounded(chunk)) connection.destroy();
      });
    },
    drop: (deviceId) => {
      const client = connections.find(deviceId);
      client?.close();
      return client !== undefined;
    },
    startOver: () => {
      for (const key of connections.keys()) connections.find(key)?.close();
      for (const key of sessions.holders()) if (devices.find(key) === undefined) sessions.forget(key);
    },
    connected: connections.size,
    isListening,
    sendMethod: (key, { methodName, requestId, payload }) => {
      const client = connections.find(key);
      if (client === undefined) return;
      counts.countDevice("methods");
      sendTo(client, { topic: methodTopic(methodName, requestId), payload });
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        broker.close(resolve);
      }),
  };
}
