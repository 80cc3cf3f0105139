import type { Duplex } from "node:stream";
import { Aedes, type Client } from "aedes";
import type { AccessPolicies } from "../access-policy.ts";
import type { DeviceStore } from "../device-store.ts";
import { deviceKey } from "../device-table.ts";
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
    find: (deviceId, moduleId) => devices.find(deviceKey(deviceId, moduleId)),
  };
  // A module of a device that is disabled has no access either [G].
  const isEnabled = (key: string): boolean =>
    [key, key.split("/", 1)[0] ?? ""].every((one) => devices.find(one)?.status === "enabled");
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
    // Older MQTT 3.1 clients are held to 23 characters by default; a device id has 128, and a module's as many more.
    maxClientsIdLength: 257,
    authenticate: (client, userName, password, done) => {
      const certificate = certificates.get(client.conn);
      const credentials = { clientId: client.id, userName, password: password?.toString(), certificate };
      const until = authenticateDevice(credentials, check);
      if (until === undefined || !isEnabled(client.id)) {
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
      done(null, isAllowedFilter(subscription.topic, client.id) ? subscription : null);
    },
    authorizePublish: (client, packet, done) => {
      const request = client === null || packet.qos === 2 ? undefined : parseTopic(packet.topic, client.id);
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
    if (client.closed || !isEnabled(client.id)) {
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
    desiredChanged: ({ deviceId, moduleId, desired }, patch) => {
      const key = deviceKey(deviceId, moduleId);
      const client = live.get(key);
      // Nothing is queued for whoever is away [facts 2.3].
      if (client === undefined || !sessions.isSubscribed(key, DESIRED_FILTER)) return;
      counts.countDevice("desiredPatches");
      const payload = JSON.stringify({ ...patch, $version: desired.version });
      quota.charge(Buffer.byteLength(payload));
      publish(client, { topic: desiredTopic(desired.version), payload });
    },
    accessRevoked: (key) => {
      if (devices.find(key) === undefined) sessions.forget(key);
      live.get(key)?.close();
      if (key.includes("/")) return;
      for (const { moduleId } of devices.modulesOf(key)) live.get(deviceKey(key, moduleId))?.close();
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
