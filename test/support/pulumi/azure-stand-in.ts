import type { Values } from "./wire-values.ts";

const SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111";

/** What Azure answers when something is made or asked for, of that which the program reads. */
export interface AzureStandIn {
  /** Outputs of a new resource, beside its inputs. */
  created(type: string, name: string): Values;
  idOf(type: string, name: string): string;
  invoke(token: string): Values;
}

/** An Azure whose one IoT hub and one provisioning service are reached at host names of the test's choice. */
export function azureStandIn({
  hostName,
  dpsHostName = "nowhere.azure-devices-provisioning.net",
}: {
  readonly hostName: string;
  readonly dpsHostName?: string | undefined;
}): AzureStandIn {
  return {
    idOf: (type, name) => `${SUBSCRIPTION}/resourceGroups/group/providers/${type}/${name}`,
    created: (type, name) => {
      switch (type) {
        case "azure-native:iothub:IotHubResource":
          return { name: `${name}-of-azure`, properties: { hostName } };
        case "azure-native:deviceprovisioningservices:IotDpsResource":
          return {
            name: `${name}-of-azure`,
            properties: { serviceOperationsHostName: dpsHostName, idScope: "0ne00000000" },
          };
        case "azure-native:storage:StorageAccount":
          return {
            name: `${name}account`,
            primaryEndpoints: { blob: `https://${name}account.blob.core.windows.net/` },
          };
        case "azure-native:managedidentity:UserAssignedIdentity":
          return { name, principalId: `principal-of-${name}`, clientId: `client-of-${name}` };
        case "azure-native:authorization:RoleDefinition":
          return { name: `guid-of-${name}` };
        default:
          return { name };
      }
    },
    invoke: (token): Values =>
      token === "azure-native:authorization:getClientConfig"
        ? {
            clientId: "client",
            objectId: "object-of-whoever-runs-pulumi",
            subscriptionId: "11111111-1111-1111-1111-111111111111",
            tenantId: "tenant",
          }
        : {},
  };
}
