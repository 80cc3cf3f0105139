import { once } from "node:events";
import type { Agent } from "node:https";
import { NoRetry } from "azure-iot-common";
import { Client, type Twin } from "azure-iot-device";
import { Mqtt, MqttWs } from "azure-iot-device-mqtt";

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

/** How a device connects. */
export interface DeviceConnection {
  readonly connectionString: string;
  /** Default "Mqtt". */
  readonly transport?: DeviceTransport | undefined;
  /** The authority to trust over TLS; default those of the system. */
  readonly ca?: string | undefined;
  /** What WebSockets are opened by; default port 443 of the host that is named. */
  readonly webSocketAgent?: Agent | undefined;
  /** Default true: the SDK's own policy. */
  readonly retries?: boolean | undefined;
  /** What a device of an x509=true connection string connects with. */
  readonly x509?: { certPem: string; keyPem: string } | undefined;
  /** Default: an hour, renewed a quarter before its end. */
  readonly tokenRenewal?: TokenRenewal | undefined;
  /** Whether it subscribes to desired properties; default true. */
  readonly listens?: boolean | undefined;
}

type UpdateReported = (patch: Record<string, unknown>, done: (error?: Error | null) => void) => void;

/** Connect a device by Microsoft's SDK, and get its twin. */
export async function openDevice(connection: DeviceConnection): Promise<ConnectedDevice> {
  const { connectionString, transport = "Mqtt", ca, webSocketAgent, tokenRenewal, x509 } = connection;
  const client = Client.fromConnectionString(connectionString, transport === "Mqtt" ? Mqtt : MqttWs);
  if (x509 !== undefined) await client.setOptions({ cert: x509.certPem, key: x509.keyPem });
  // In one go: each call replaces what the last one set.
  const options = {
    ...(transport === "Mqtt" && ca !== undefined && { ca }),
    ...(transport === "MqttWs" && webSocketAgent !== undefined && { mqtt: { webSocketAgent } }),
    ...(tokenRenewal !== undefined && { tokenRenewal }),
  };
  if (Object.keys(options).length > 0) await client.setOptions(options);
  if (connection.retries === false) client.setRetryPolicy(new NoRetry());
  await client.open();
  const twin = await client.getTwin();
  if (connection.listens !== false) await subscribed(twin);
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
