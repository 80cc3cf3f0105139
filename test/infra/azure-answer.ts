const SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111";

/** Stands in each secret that Azure hands out unasked. */
export const CANARY = "c2VjcmV0LWNhbmFyeQ==";

/** What Azure would answer, of that which the program reads, with the keys it would tell along the way. */
export function azureAnswer(
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
): { readonly id: string; readonly state: Record<string, unknown> } {
  const outputs = outputsOf(type, name);
  const nested = [outputs["properties"], inputs["properties"]].filter((part) => part !== undefined);
  return {
    id: `${SUBSCRIPTION}/resourceGroups/group/providers/${type}/${name}`,
    // What was set stays as it was set; what Azure adds stands beside it.
    state: {
      ...outputs,
      ...inputs,
      ...(nested.length === 0 ? {} : { properties: Object.assign({}, ...nested) as object }),
    },
  };
}

function outputsOf(type: string, name: string): Record<string, unknown> {
  const authorizationPolicies = [{ keyName: "iothubowner", primaryKey: CANARY, secondaryKey: CANARY }];
  switch (type) {
    case "azure-native:iothub:IotHubResource":
      return {
        name: `${name}-of-azure`,
        properties: { hostName: `${name}-of-azure.azure-devices.net`, authorizationPolicies },
      };
    case "azure-native:storage:StorageAccount":
      return {
        name: `${name}account`,
        primaryEndpoints: { blob: `https://${name}account.blob.core.windows.net/` },
        keys: [{ keyName: "key1", value: CANARY }],
      };
    case "azure-native:managedidentity:UserAssignedIdentity":
      return { name, principalId: `principal-of-${name}`, clientId: `client-of-${name}` };
    case "azure-native:authorization:RoleDefinition":
      return { name: `guid-of-${name}` };
    case "azure-native:deviceprovisioningservices:IotDpsResource":
      return {
        name: `${name}-of-azure`,
        properties: {
          serviceOperationsHostName: `${name}-of-azure.azure-devices-provisioning.net`,
          idScope: "0ne00000000",
          authorizationPolicies,
        },
      };
    case "pulumi-nodejs:dynamic/wavegate:DeviceIdentity":
      return { bucket: 7, adopted: false };
    default:
      return { name };
  }
}
