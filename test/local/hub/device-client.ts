import { Agent } from "node:https";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { openDevice, type ConnectedDevice, type DeviceConnection } from "../../support/device-client.ts";

export { told, type ConnectedDevice } from "../../support/device-client.ts";

/** Connect a device that the hub knows by Microsoft's SDK, and get its twin. */
export function connectDevice(
  hub: LocalHub,
  deviceId: string,
  {
    connectionString = hub.deviceConnectionString(deviceId),
    ...rest
  }: Partial<Omit<DeviceConnection, "ca" | "webSocketAgent">> = {},
): Promise<ConnectedDevice> {
  return openDevice({
    ...rest,
    connectionString:
      rest.transport === "MqttWs"
        ? connectionString.replace(/;GatewayHostName=[^;]*/u, "")
        : connectionString,
    ca: hub.caPem,
    // WebSockets go to port 443 of the host that is named, unless an agent knows better [facts 5.1].
    webSocketAgent: new Agent({
      host: "127.0.0.1",
      port: hub.httpsPort,
      servername: "localhost",
      ca: hub.caPem,
    }),
  });
}
