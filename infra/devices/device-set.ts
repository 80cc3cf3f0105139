import * as pulumi from "@pulumi/pulumi";
import type { DeviceSetDeclaration } from "./device-set-settings.ts";
import type { HubSize } from "./hub-pace.ts";
import { thinProvider } from "./thin-provider.ts";

/** What a `DeviceSet` is declared with: the settings of its devices, the hub, and how fast the hub takes calls. */
export type DeviceSetArgs = Partial<HubSize> & { readonly hostName: pulumi.Input<string> } & {
  readonly [Key in keyof DeviceSetDeclaration]: pulumi.Input<NonNullable<DeviceSetDeclaration[Key]>>;
};

const provider = thinProvider(
  async () => (await import("wavegate/device-set-provider")).azureDeviceSetProvider,
);

/** Many devices in the hub's identity registry as one resource: a hundred a call, and a short hash of each in the state. */
export class DeviceSet extends pulumi.dynamic.Resource {
  declare readonly hostName: pulumi.Output<string>;
  /** How many devices of the set there are. */
  declare readonly count: pulumi.Output<number>;

  constructor(name: string, args: DeviceSetArgs, options?: pulumi.CustomResourceOptions) {
    // Outputs that no input gives must be named for Pulumi to fill them.
    const properties = { ...args, setName: name, count: undefined };
    super(provider, name, properties, options, "wavegate", "DeviceSet");
  }
}
