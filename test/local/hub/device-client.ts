import { once } from "node:events";
import { Agent } from "node:https";
import { NoRetry } from "azure-iot-common";
import { Client, type Twin } from "azure-iot-device";
import { Mqtt, MqttWs } from "azure-iot-device-mqtt";
import type { LocalHub } from "../../../local/hub/hub.ts";

/** Microsoft's transports: MQTT over TLS, and over WebSockets. */
export type DeviceTransport = "Mqtt" | "MqttWs";

/** Microsoft's device client, connected over MQTT. */
export interface ConnectedDevice extends AsyncDisposable {
  readonly client: Client;
  readonly twin: Twin;
  /** Send reported properties; rejects with the hub's message. */
  readonly report: (patch: Record<string, unknown>) => Promise<void>;
  /** The desired properties with the next patch applied, heard from now on. */
  readonly nextDesired: () => Promise<Record<string, unknown>>;
}

/** As the SDK's options take it. */
export interface TokenRenewal {
  readonly tokenValidTimeInSeconds: number;
  readonly tokenRenewalMarginInSeconds: number;
}

type UpdateReported = (patch: Record<string, unknown>, done: (error?: Error | null) => void) => void;

/** Connect a device that the hub knows, and get its twin. */
export async function connectDevice(
  hub: LocalHub,
  deviceId: string,
  {
    retries = true,
    connectionString = hub.deviceConnectionString(deviceId),
    transport = "Mqtt",
    x509,
    tokenRenewal,
    listens = true,
  }: {
    retries?: boolean;
    connectionString?: string;
    transport?: DeviceTransport;
    /** What a device of an x509=true connection string connects with. */
    x509?: { certPem: string; keyPem: string };
    /** Default: an hour, renewed a quarter before its end. */
    tokenRenewal?: TokenRenewal;
    /** Whether it subscribes to desired properties. */
    listens?: boolean;
  } = {},
): Promise<ConnectedDevice> {
  const client =
    transport === "Mqtt"
      ? Client.fromConnectionString(connectionString, Mqtt)
      : Client.fromConnectionString(withoutGateway(connectionString), MqttWs);
  if (x509 !== undefined) await client.setOptions({ cert: x509.certPem, key: x509.keyPem });
  // In one go: each call replaces what the last one set.
  await client.setOptions({
    ...(transport === "Mqtt" ? { ca: hub.caPem } : { mqtt: { webSocketAgent: agentFor(hub) } }),
    ...(tokenRenewal && { tokenRenewal }),
  });
  if (!retries) client.setRetryPolicy(new NoRetry());
  await client.open();
  const twin = await client.getTwin();
  if (listens) await subscribed(twin);
  return {
    client,
    twin,
    report: (patch) =>
      new Promise((resolve, reject) => {
        // The SDK puts its function among the properties, typed any like them.
        const { update } = twin.properties.reported as unknown as { update: UpdateReported };
        update(patch, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    nextDesired: () =>
      new Promise((resolve) => {
        const seen: unknown = twin.properties.desired["$version"];
        const listener = (delta: Record<string, unknown>): void => {
          // The SDK calls a new listener at once with what it has already.
          if (delta["$version"] === seen) return;
          twin.removeListener("properties.desired", listener);
          resolve(delta);
        };
        twin.on("properties.desired", listener);
      }),
    [Symbol.asyncDispose]: async () => {
      await client.close();
    },
  };
}

/** Resolves once the client has told of an event. */
export async function told(client: Client, event: "connect" | "disconnect"): Promise<void> {
  await once(client, event);
}

// WebSockets go to port 443 of the host that is named, unless an agent knows better [facts 5.1].
function agentFor({ httpsPort, caPem }: LocalHub): Agent {
  return new Agent({ host: "127.0.0.1", port: httpsPort, servername: "localhost", ca: caPem });
}

function withoutGateway(connectionString: string): string {
  return connectionString.replace(/;GatewayHostName=[^;]*/u, "");
}

// The SDK subscribes when the first listener is added and tells nobody when that is granted: two requests on one
// connection are answered in order, so a second answered twin request means the subscription was heard.
async function subscribed(twin: Twin): Promise<void> {
  twin.on("properties.desired", () => undefined);
  await new Promise<void>((resolve, reject) => {
    twin.get((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
