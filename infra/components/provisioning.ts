import * as provisioning from "@pulumi/azure-native/deviceprovisioningservices/index.js";
import * as pulumi from "@pulumi/pulumi";
import { dataActionsOf, GROUP_CALLS } from "./hub-data-actions.ts";
import { HubRole } from "./hub-role.ts";
import type { Principal } from "./principal.ts";

/** What a Device Provisioning Service needs. */
export interface ProvisioningArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly resourceGroupId: pulumi.Input<string>;
  readonly protect: boolean;
  /** Who makes enrollment groups; nobody where the stack declares none. */
  readonly enroller: Principal | undefined;
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
  /** What must stand before the first enrollment group is made. */
  readonly forGroups: readonly pulumi.Resource[];

  constructor(name: string, args: ProvisioningArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Provisioning", name, {}, options);
    const { resourceGroupName, resourceGroupId, protect, enroller } = args;
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
    this.forGroups = enroller === undefined ? [] : [this.#enrolling(resourceGroupId, service, enroller)];
    this.registerOutputs({ hostName: this.hostName, idScope: this.idScope });
  }

  /** The role that makes enrollment groups, given to whoever makes them. */
  #enrolling(
    resourceGroupId: pulumi.Input<string>,
    service: provisioning.IotDpsResource,
    enroller: Principal,
  ): pulumi.Resource {
    const role = new HubRole(
      "enrollment",
      {
        purpose: "enrollment",
        description: "Makes enrollment groups; reads no key and enrolls no single device.",
        dataActions: dataActionsOf(GROUP_CALLS),
        resourceGroupId,
        hub: service,
      },
      { parent: this },
    );
    return role.grant("enrollment-operator", enroller);
  }
}
