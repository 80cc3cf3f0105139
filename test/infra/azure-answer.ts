import { azureStandIn } from "../support/pulumi/azure-stand-in.ts";

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
  const host = `${name}-of-azure`;
  const made = azureStandIn({
    hostName: `${host}.azure-devices.net`,
    dpsHostName: `${host}.azure-devices-provisioning.net`,
  }).created(type, name);
  switch (type) {
    case "azure-native:iothub:IotHubResource":
    case "azure-native:deviceprovisioningservices:IotDpsResource":
      return {
        ...made,
        properties: {
          ...(made["properties"] as object),
          authorizationPolicies: [{ keyName: "iothubowner", primaryKey: CANARY, secondaryKey: CANARY }],
        },
      };
    case "azure-native:storage:StorageAccount":
      return { ...made, keys: [{ keyName: "key1", value: CANARY }] };
    case "pulumi-nodejs:dynamic/wavegate:DeviceIdentity":
      return { bucket: 7, adopted: false };
    default:
      return made;
  }
}
