import type { AccessPolicies, AccessPolicy, PolicyName } from "./access-policy.ts";
import type { Device } from "./device.ts";

/** A shared access policy, with what a program connects by. */
export interface HubPolicy extends AccessPolicy {
  readonly connectionString: string;
}

/** Where a hub is reached, and by whom. */
export interface ReachedHub {
  /** What it is called, ending in ".azure-devices.net". */
  readonly hubName: string;
  /** Where it listens. */
  readonly hostName: string;
  readonly httpsPort: number;
  readonly mqttPort: number;
  readonly policies: AccessPolicies;
}

/** The policies of a hub that listens; whoever reads a port there takes it off before the SDK sees it [facts 4.3]. */
export function hubPolicies({
  policies,
  hostName,
  httpsPort,
}: ReachedHub): Readonly<Record<PolicyName, HubPolicy>> {
  const reachable = (policy: AccessPolicy): HubPolicy => ({
    ...policy,
    connectionString: `HostName=${withPort(hostName, httpsPort, 443)};SharedAccessKeyName=${policy.name};SharedAccessKey=${policy.primaryKey}`,
  });
  const { iothubowner, service, device, registryRead, registryReadWrite } = policies;
  return {
    iothubowner: reachable(iothubowner),
    service: reachable(service),
    device: reachable(device),
    registryRead: reachable(registryRead),
    registryReadWrite: reachable(registryReadWrite),
  };
}

/** What a device, or a module, connects with: the SDK honours a port in GatewayHostName, and with X.509 in HostName only. */
export function deviceConnectionString(
  { deviceId, moduleId, authentication, primaryKey }: Device,
  hub: ReachedHub,
): string {
  const gateway = withPort(hub.hostName, hub.mqttPort, 8883);
  const id = `DeviceId=${deviceId}${moduleId === undefined ? "" : `;ModuleId=${moduleId}`}`;
  switch (authentication.type) {
    case "sas":
      return `HostName=${hub.hubName};${id};SharedAccessKey=${primaryKey};GatewayHostName=${gateway}`;
    case "none": {
      const { name, primaryKey: key } = hub.policies.device;
      return `HostName=${hub.hubName};${id};SharedAccessKeyName=${name};SharedAccessKey=${key};GatewayHostName=${gateway}`;
    }
    case "selfSigned":
    case "certificateAuthority":
      return `HostName=${gateway};${id};x509=true`;
  }
}

/** The SDK connects to the usual port by itself, and takes no other for its name [facts 0]. */
function withPort(hostName: string, port: number, usual: number): string {
  return port === usual ? hostName : `${hostName}:${port}`;
}
