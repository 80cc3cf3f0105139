import * as pulumi from "@pulumi/pulumi";
import type { DeviceDeclaration } from "./device-settings.ts";
import { thinProvider } from "./thin-provider.ts";

/** What a `DeviceIdentity` is declared with: the settings of the device, and the hub. */
export type DeviceIdentityArgs = { readonly hostName: pulumi.Input<string> } & {
  readonly [Key in keyof DeviceDeclaration]: pulumi.Input<NonNullable<DeviceDeclaration[Key]>>;
};

const provider = thinProvider(async () => (await import("wavegate/device-provider")).azureDeviceProvider);

/** A device in the hub's identity registry, with the twin tags that put it into its product, stratum, ring and bucket. */
export class DeviceIdentity extends pulumi.dynamic.Resource {
  declare readonly hostName: pulumi.Output<string>;
  declare readonly deviceId: pulumi.Output<string>;
  /** The device's bucket, which decides the percentage waves it falls into. */
  declare readonly bucket: pulumi.Output<number>;
  /** Whether the identity was there before the stack took it over. */
  declare readonly adopted: pulumi.Output<boolean>;
  /** The device's keys, secret in outputs and state; only with `exportKeys`. */
  declare readonly primaryKey: pulumi.Output<string | undefined>;
  declare readonly secondaryKey: pulumi.Output<string | undefined>;

  constructor(name: string, args: DeviceIdentityArgs, options?: pulumi.CustomResourceOptions) {
    // Outputs that no input gives must be named for Pulumi to fill them.
    const outputs = { bucket: undefined, adopted: undefined, primaryKey: undefined, secondaryKey: undefined };
    super(
      provider,
      name,
      { ...args, ...outputs },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["primaryKey", "secondaryKey"] }),
      "wavegate",
      "DeviceIdentity",
    );
  }
}
