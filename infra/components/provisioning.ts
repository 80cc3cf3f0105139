import * as provisioning from "@pulumi/azure-native/deviceprovisioningservices/index.js";
import * as pulumi from "@pulumi/pulumi";

/** What a Device Provisioning Service needs. */
export interface ProvisioningArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly protect: boolean;
}

/**
 * A Device Provisioning Service, linked to no hub: the API of this provider links by a hub's shared key only, which is
 * switched off here. Linking by a managed identity is a newer surface (Azure/azure-iot-cli-extension#813); docs/azure.md
 * has the command.
 */
export class Provisioning extends pulumi.ComponentResource {
  /** Where enrollments are kept. */
  readonly hostName: pulumi.Output<string>;
  /** What devices name as their scope. */
  readonly idScope: pulumi.Output<string>;

  constructor(name: string, args: ProvisioningArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Provisioning", name, {}, options);
    const { resourceGroupName, protect } = args;
    const service = new provisioning.IotDpsResource(
      name,
      {
        resourceGroupName,
        sku: { name: provisioning.IotDpsSku.S1, capacity: 1 },
        identity: { type: provisioning.ManagedServiceIdentityType.SystemAssigned },
        properties: { allocationPolicy: provisioning.AllocationPolicy.Hashed, iotHubs: [] },
      },
      { parent: this, protect },
    );
    this.hostName = service.properties.apply(({ serviceOperationsHostName }) => serviceOperationsHostName);
    this.idScope = service.properties.apply(({ idScope }) => idScope);
    this.registerOutputs({ hostName: this.hostName, idScope: this.idScope });
  }
}
