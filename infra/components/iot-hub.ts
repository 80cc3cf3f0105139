import * as iothub from "@pulumi/azure-native/iothub/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { HubTier } from "../hub-tier.ts";
import { FrozenSettings } from "./frozen-settings.ts";

/** What an IoT hub needs. */
export interface IotHubArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly tier: HubTier;
  readonly units: number;
  /** Partitions of the built-in endpoint; another number later is refused. */
  readonly partitions: number;
  /** Whether the service side takes the hub's policy keys beside Microsoft Entra ID. */
  readonly allowServiceKeys: boolean;
  /** Whether devices may sign in with symmetric keys. */
  readonly allowDeviceKeys: boolean;
  readonly protect: boolean;
}

/** An IoT hub that takes Microsoft Entra ID on its service side and certificates on the other, unless told otherwise. */
export class IotHub extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly hostName: pulumi.Output<string>;

  constructor(name: string, args: IotHubArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:IotHub", name, {}, options);
    const { resourceGroupName, tier, units, partitions, allowServiceKeys, allowDeviceKeys, protect } = args;
    const frozen = new FrozenSettings(
      name,
      { hubPartitions: partitions, edition: tier === "F1" ? "free" : "paid" },
      { parent: this, protect },
    );
    const hub = new iothub.IotHubResource(
      name,
      {
        resourceGroupName,
        sku: { name: tier, capacity: units },
        properties: {
          minTlsVersion: "1.2",
          // No authorization policies are declared: listing them in code is what rotates keys by accident
          // (hashicorp/terraform-provider-azurerm#7445), and with local authentication off they open nothing.
          disableLocalAuth: !allowServiceKeys,
          disableDeviceSAS: !allowDeviceKeys,
          disableModuleSAS: true,
          publicNetworkAccess: iothub.PublicNetworkAccess.Enabled,
          eventHubEndpoints: { events: { retentionTimeInDays: 1, partitionCount: partitions } },
        },
      },
      { parent: this, protect, dependsOn: frozen, customTimeouts: { create: "30m", update: "30m" } },
    );
    this.id = hub.id;
    this.name = hub.name;
    this.hostName = hub.properties.hostName;
    this.registerOutputs({ hostName: this.hostName });
  }
}
