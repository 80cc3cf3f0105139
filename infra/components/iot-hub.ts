import * as iothub from "@pulumi/azure-native/iothub/index.js";
import * as pulumi from "@pulumi/pulumi";

/** What an IoT hub needs. */
export interface IotHubArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly tier: "F1" | "S1" | "S2" | "S3";
  readonly units: number;
  /** Whether devices may sign in with symmetric keys; the service side never takes one. */
  readonly allowDeviceKeys: boolean;
  readonly protect: boolean;
}

/** An IoT hub that takes Microsoft Entra ID on its service side, and no shared key. */
export class IotHub extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly hostName: pulumi.Output<string>;

  constructor(name: string, args: IotHubArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:IotHub", name, {}, options);
    const { resourceGroupName, tier, units, allowDeviceKeys, protect } = args;
    const hub = new iothub.IotHubResource(
      name,
      {
        resourceGroupName,
        sku: { name: tier, capacity: units },
        properties: {
          minTlsVersion: "1.2",
          // No authorization policies are declared: listing them in code is what rotates keys by accident
          // (hashicorp/terraform-provider-azurerm#7445), and with local authentication off they open nothing.
          disableLocalAuth: true,
          disableDeviceSAS: !allowDeviceKeys,
          disableModuleSAS: true,
          publicNetworkAccess: iothub.PublicNetworkAccess.Enabled,
        },
      },
      { parent: this, protect, customTimeouts: { create: "30m", update: "30m" } },
    );
    this.id = hub.id;
    this.name = hub.name;
    this.hostName = hub.properties.hostName;
    this.registerOutputs({ hostName: this.hostName });
  }
}
