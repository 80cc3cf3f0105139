import type { AccessPolicies, AccessPolicy, PolicyName } from "./access-policy.ts";
import type { Device } from "./device.ts";

/** A shared access policy, with what a program connects by. */
export interface HubPolicy extends AccessPolicy {
  readonly connectionString: string;
}

/** The policies of a hub that listens; whoever reads a port there takes it off before the SDK sees it [facts 4.3]. */
export function hubPolicies(
  policies: AccessPolicies,
  httpsPort: number,
): Readonly<Record<PolicyName, HubPolicy>> {
  const reachable = (policy: AccessPolicy): HubPolicy => ({
    ...policy,
    connectionString: `HostName=localhost:${httpsPort};SharedAccessKeyName=${policy.name};SharedAccessKey=${policy.primaryKey}`,
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

/** What a device connects with: the SDK honours a port in GatewayHostName, and with X.509 in HostName only. */
export function deviceConnectionString(
  { deviceId, moduleId, authentication, primaryKey }: Device,
  hub: { readonly hostName: string; readonly mqttPort: number; readonly policies: AccessPolicies },
): string {
  const gateway = `localhost:${hub.mqttPort}`;
  const who = moduleId === undefined ? `DeviceId=${deviceId}` : `DeviceId=${deviceId};ModuleId=${moduleId}`;
  switch (authentication.type) {
    case "sas":
      return `HostName=${hub.hostName};${who};SharedAccessKey=${primaryKey};GatewayHostName=${gateway}`;
    case "none": {
      const { name, primaryKey: key } = hub.policies.device;
      return `HostName=${hub.hostName};${who};SharedAccessKeyName=${name};SharedAccessKey=${key};GatewayHostName=${gateway}`;
    }
    case "selfSigned":
    case "certificateAuthority":
      return `HostName=${gateway};${who};x509=true`;
  }
}
