import type { Duplex } from "node:stream";
import { Aedes, type Client } from "aedes";
import type { AccessPolicies } from "../access-policy.ts";
import type { DeviceStore } from "../device-store.ts";
import { Unanswered } from "../faults.ts";
import type { Journal } from "../journal.ts";
import type { DailyQuota } from "../quota.ts";
import type { Throttle } from "../throttle.ts";
import { admit, noteStranger } from "./admission.ts";
import type { ClientCertificate } from "./client-certificate.ts";
import { callAt } from "./connection-expiry.ts";
import { authenticateDevice, type CredentialCheck } from "./device-credentials.ts";
import { createLane, type Lane } from "./lane.ts";
import type { OperationContext } from "./operation.ts";
import { createPacketGuard } from "./packet-guard.ts";
import { createSessionStore } from "./session-store.ts";
import { createSilentBus } from "./silent-bus.ts";
import { takeMessage } from "./telemetry.ts";
import { DESIRED_FILTER, desiredTopic, isAllowedFilter, parseTopic } from "./topic.ts";
import { answerTwinRequest } from "./twin-request.ts";

/** What the device API stands on. */
export interface DeviceBrokerOptions extends OperationContext {
  /** Names of this hub that devices may use. */
  readonly hosts: readonly string[];
  readonly policies: AccessPolicies;
  readonly tokenSkewMs: number;
  /** How long a connection may go without its CONNECT. */
  readonly patienceMs: number;
  readonly devices: DeviceStore;
  readonly throttle: Throttle;
  readonly quota: DailyQuota;
  readonly journal: Journal;
}

/** The device API over MQTT, on connections that listeners bring. */
export interface DeviceBroker extends AsyncDisposable {
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
  const { devices, counts, quota, log } = options;
  const check: CredentialCheck = {
    ...options,
    // Modules may connect once the hub has them.
    find: (deviceId, moduleId) => (moduleId === undefined ? devices.find(deviceId) : undefined),
  };
  const sessions = createSessionStore(options.journal);
  const live = new Map<string, Client>();
  const refusedAt = new WeakMap<Client, number>();
  const expiries = new WeakMap<Client, () => void>();
  const certificates = new WeakMap<object, ClientCertificate>();
  const lanes = new WeakMap<Client, Lane>();
  // Requests of a connection are answered in their order, though some wait for their turn.
  const laneOf = (client: Client): Lane => {
    const lane = lanes.get(client) ?? createLane(() => client.conn.destroy());
    lanes.set(client, lane);
    return lane;
  };

  const broker = await Aedes.createBroker({
    mq: createSilentBus(),
    persistence: sessions.persistence,
    // Older MQTT 3.1 clients are held to 23 characters by default; a device id has 128.
    maxClientsIdLength: 128,
    connectTimeout: options.patienceMs,
    // Between a CONNECT and its check aedes would take up further packets, of a client that has no id yet.
    preConnect: (client, _packet, done) => {
      // Its own, though its types leave it out; it resumes by itself once the session is there.
      (client as Client & { pause: () => void }).pause();
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
      const isKnown = client !== null && refusedAt.has(client);
      const request = !isKnown || packet.qos === 2 ? undefined : parseTopic(packet.topic, client.id);
      if (client === null || request === undefined) {
        // QoS 2 and foreign topics end the connection [facts 5.2].
        done(new Error(`A device may not publish to ${packet.topic}`));
        return;
      }
      devices.touch(client.id);
      if (request.kind === "method answer") {
        done(null);
        return;
      }
      const { topic, payload } = packet;
      if (request.kind === "message") counts.countDevice("messages");
      else counts.countDevice(request.kind === "report" ? "reports" : "twinReads");
      const { id: deviceId } = client;
      const context = { ...options, throttle: throttleWhileOpen(client, options.throttle) };
      laneOf(client)(async () => {
        if (client.closed) return;
        if (request.kind === "message") {
          if (await takeMessage({ deviceId, topic, payload }, context)) done(null);
          // Once what was acknowledged before is on its way.
          else client.conn.end(done.bind(undefined, new Error("The message is refused")));
          return;
        }
        const outcome = await answerTwinRequest({ ...context, request, deviceId, payload });
        if (outcome.kind === "done") publish(client, outcome.result);
        else if (outcome.isCut) client.close();
        done(null);
      });
    },
  });

  broker.on("clientReady", (client) => {
    // It may have gone, or lost its right to be here, between CONNECT and CONNACK.
    if (client.closed || devices.find(client.id)?.status !== "enabled") {
      client.close();
      return;
    }
    live.set(client.id, client);
    devices.setConnected(client.id, true);
    counts.countDevice("connections");
    log({ event: "connection", deviceId: client.id, outcome: "accepted" });
    expiries.set(
      client,
      callAt(refusedAt.get(client) ?? 0, () => {
        client.close();
      }),
    );
  });
  // Of two connections of a device, the broker ends the first before it registers the second [MQTT-3.1.4-2].
  broker.on("clientDisconnect", (client) => {
    expiries.get(client)?.();
    live.delete(client.id);
    devices.setConnected(client.id, false);
    log({ event: "connection", deviceId: client.id, outcome: "closed" });
  });

  devices.observe({
    desiredChanged: ({ deviceId, desired }, patch) => {
      const client = live.get(deviceId);
      // Nothing is queued for whoever is away [facts 2.3].
      if (client === undefined || !sessions.isSubscribed(deviceId, DESIRED_FILTER)) return;
      counts.countDevice("desiredPatches");
      const payload = JSON.stringify({ ...patch, $version: desired.version });
      quota.charge(Buffer.byteLength(payload));
      publish(client, { topic: desiredTopic(desired.version), payload });
    },
    accessRevoked: (deviceId) => {
      if (devices.find(deviceId) === undefined) sessions.forget(deviceId);
      live.get(deviceId)?.close();
    },
  });

  return {
    accept: (connection, certificate) => {
      if (certificate !== undefined) certificates.set(connection, certificate);
      broker.handle(connection);
      const isBounded = createPacketGuard(MAX_PACKET_BYTES);
      // After handle(): the broker reads on 'readable', which keeps this listener from making the stream flow.
      connection.on("data", (chunk: Buffer) => {
        if (!isBounded(chunk)) connection.destroy();
      });
    },
    drop: (deviceId) => {
      const client = live.get(deviceId);
      client?.close();
      return client !== undefined;
    },
    startOver: () => {
      for (const client of live.values()) client.close();
      for (const key of sessions.holders()) if (devices.find(key) === undefined) sessions.forget(key);
    },
    connected: () => live.size,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        broker.close(resolve);
      }),
  };
}

/** Whoever left, or lost its right to be here, while it waited for its turn does nothing more. */
function throttleWhileOpen(client: Client, throttle: Throttle): Throttle {
  return async (operations, amount) => {
    await throttle(operations, amount);
    if (client.closed) throw new Unanswered(true);
  };
}

function publish(client: Client, message: { readonly topic: string; readonly payload: string }): void {
  // A failed write ends the connection inside the broker; nobody else waits for it.
  client.publish({ cmd: "publish", qos: 0, dup: false, retain: false, ...message }, () => undefined);
}
